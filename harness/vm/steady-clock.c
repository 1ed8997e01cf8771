// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loaded into QEMU (LD_PRELOAD) when the guest's clock counts instructions: for QEMU the host's
 * time of day stands still.
 *
 * QEMU sizes its software TLB by how much of it was used in the last 100 ms of the host's time
 * (accel/tcg/cputlb.c, tlb_mmu_resize_locked). The size decides which entries survive, hence when
 * the next access walks the page table and sets the accessed bit again that reclaim has cleared
 * (x86 clears it without a TLB flush): a busy host would change what the guest's LRU sees. With
 * no time passing, the TLB's size follows from the guest's accesses alone.
 *
 * Nothing else in such a machine asks for the time of day: its RTC runs on the virtual clock, and
 * waits use the monotonic clock, which stays as it is.
 */
#include <stdint.h>
#include <sys/time.h>

/* 2026-01-01, as the machine's RTC begins. */
#define STILL UINT64_C(1767225600)

int64_t g_get_real_time(void);

/* QEMU up to 7.x. */
int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	(void)zone;
	*now = (struct timeval){ .tv_sec = STILL };
	return 0;
}

/* QEMU 8 and later ask GLib; in us. */
int64_t g_get_real_time(void)
{
	return (int64_t)STILL * 1000000;
}
