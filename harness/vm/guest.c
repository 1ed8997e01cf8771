// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wring-guest: PID 1 of the kernel lab's machines. It makes the machine that the suite asks for,
 * stops there when the host wants to keep the machine's state, runs one trial by the same code as
 * on a host, leaves the record in the results window, and turns the machine off. What the host
 * wants to know meanwhile goes to the second serial port, a line each: "phase NAME", "error TEXT",
 * "ready", "done".
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/random.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "harness/trial.h"
#include "harness/vm/fw-cfg.h"
#include "harness/vm/guest-machine.h"
#include "harness/vm/guest-shell.h"
#include "harness/vm/guest-unpack.h"
#include "harness/vm/lab.h"
#include "harness/vm/results-window.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/rng.h"

#define RECORD_DIR "/run/record"

#define SEED_WORDS 4
/* Several ticks, whatever their rate. */
#define PAUSE_MAX_NS 40000000

/* docs/specs/pvpanic.txt of QEMU. */
#define PVPANIC_PORT	 0x505
#define PVPANIC_PANICKED 1

static const char *const record_files[] = { "trial.json",   "samples.tsv",
					    "latency.tsv",  "events.tsv",
					    "topology.xml", "spans.tsv",
					    "slow.tsv",	    NULL };

static const struct {
	const char *type, *where;
} mounts[] = {
	{ "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" },
	{ "tmpfs", "/run" }, { "tmpfs", "/tmp" }, { "cgroup2", "/sys/fs/cgroup" },
};

/* A workload's files that the host has there; the root is a tmpfs, too. */
static bool has_files(const char *path)
{
	_cleanup_closedir_ DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
			return true;
	return false;
}

static int mount_all(struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		mkdir(mounts[i].where, 0755);
		if (streq(mounts[i].type, "tmpfs") && has_files(mounts[i].where))
			continue;
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, NULL) < 0 &&
		    errno != EBUSY)
			return error_set(err, -errno, "mount %s", mounts[i].where);
	}
	return 0;
}

__attribute__((format(printf, 2, 3))) static void tell(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vdprintf(status, fmt, ap);
	va_end(ap);
}

/* Which trial: the suite with one scenario, and what else the host decided. */
struct order {
	struct suite *suite;
	json_t *json; /* owns the strings */
	const char *clock;
	json_int_t seed;
};

static int unpack_order(struct error *err)
{
	_cleanup_free_ uint8_t *archive = NULL;
	size_t size;
	int r = fw_cfg_read(FW_CFG_ORDER, &archive, &size, err);

	if (r == -ENOENT)
		return error_say(err, r, "the host has given no trial to run");
	return r < 0 ? r : guest_unpack(archive, size, err);
}

static int read_order(struct order *ret, struct error *err)
{
	json_t *json;
	int r = unpack_order(err);

	if (r < 0)
		return r;
	json = json_load_file(LAB_GUEST_ORDER, 0, NULL);
	if (!json || json_unpack(json, "{s:s, s:I}", "clock", &ret->clock, "seed", &ret->seed) < 0)
		return error_say(err, -EINVAL, "%s can't be read", LAB_GUEST_ORDER);
	ret->json = json;
	r = suite_load(&ret->suite, LAB_GUEST_SUITE, &(struct strlist){}, NULL, &(struct strlist){},
		       err);
	if (r == 0 && ret->suite->scenario_count != 1)
		r = error_say(err, -EINVAL, "the order holds %zu scenarios",
			      ret->suite->scenario_count);
	return r;
}

static int make_machine(struct error *err)
{
	struct machine_spec machine = {};
	int r = suite_machine_load(&machine, LAB_GUEST_MACHINE, err);

	if (r == 0)
		r = guest_load_modules(LAB_GUEST_MODULES, err);
	if (r == 0)
		r = guest_make_swaps(&machine, err);
	if (r == 0)
		r = guest_make_disk(&machine, err);
	if (r == 0)
		r = guest_set_sysctls(&machine, err);
	suite_machine_done(&machine);
	return r;
}

/*
 * Where the host wants to keep the machine's state, it stops here, in this very instruction: the
 * pvpanic device, with which a guest says that it has panicked, makes QEMU stop the machine. When
 * it goes on, that may be in another QEMU, on another day.
 */
static int stop_to_be_saved(int status, struct error *err)
{
	_cleanup_free_ uint8_t *flag = NULL;
	size_t size;
	int r = fw_cfg_read(FW_CFG_STOP, &flag, &size, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	tell(status, LAB_SAY_READY "\n");
	tcdrain(status);
	outb(PVPANIC_PANICKED, PVPANIC_PORT);
	return 0;
}

/*
 * A machine that goes on from a state would be the same for every seed. A seed is another boot,
 * too: it decides where on the kernel's ticks the trial begins, and the kernel's random numbers, by
 * which programs are laid out in memory.
 */
static int vary_by_seed(uint64_t seed, struct error *err)
{
	struct {
		struct rand_pool_info head;
		uint64_t words[SEED_WORDS];
	} pool = { .head = { .entropy_count = 64 * SEED_WORDS, .buf_size = 8 * SEED_WORDS } };
	_cleanup_close_ int fd = open("/dev/random", O_RDWR | O_CLOEXEC);
	struct timespec pause = {};
	struct rng rng;

	rng_seed(&rng, seed);
	for (size_t i = 0; i < SEED_WORDS; i++)
		pool.words[i] = rng_next(&rng);
	pause.tv_nsec = (long)rng_below(&rng, PAUSE_MAX_NS);
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) < 0 || ioctl(fd, RNDRESEEDCRNG) < 0)
		return error_set(err, -errno, "seed /dev/random");
	clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	return 0;
}

static int run_order(const struct order *order, int status, int dirfd, struct error *err)
{
	_cleanup_fsroot_ struct fsroot fs = { -1, -1, -1 };
	struct trial trial = {
		.suite = order->suite,
		.scenario = &order->suite->scenarios[0],
		.seed = (uint64_t)order->seed,
		.kernel = "vm", /* the host knows its name */
		.clock = order->clock,
		.phase_fd = status,
	};
	const json_t *shell = json_object_get(order->json, "shell");
	int r = fsroot_open(&fs, "/", err);

	if (r == 0)
		r = vary_by_seed(trial.seed, err);
	if (r < 0)
		return r;
	tell(status, LAB_SAY_BEGAN "%llu\n", __builtin_ia32_rdtsc());
	return shell ? guest_shell(&trial, &fs, shell, err) : trial_run(&trial, &fs, dirfd, err);
}

static int send_record(int dirfd, struct error *err)
{
	_cleanup_fsroot_ struct fsroot fs = { -1, -1, -1 };
	size_t size;
	void *window;
	int r = fsroot_open(&fs, "/", err);

	if (r == 0)
		r = results_window_map(&fs, &window, &size, err);
	return r < 0 ? r : guest_send_files(window, size, dirfd, record_files, err);
}

static int serve(int status, struct error *err)
{
	_cleanup_close_ int dirfd = -1;
	struct order order = {};
	int r = fw_cfg_open(err);

	if (r == 0)
		r = make_machine(err);
	if (r == 0)
		r = stop_to_be_saved(status, err);
	if (r == 0)
		r = read_order(&order, err);
	if (r < 0)
		return r;
	/* Without it the trial says what is missing. */
	if (order.suite->scenarios[0].trace)
		mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	mkdir(RECORD_DIR, 0755);
	dirfd = open(RECORD_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return error_set(err, -errno, "open %s", RECORD_DIR);
	r = run_order(&order, status, dirfd, err);
	tell(status, "phase results\n");
	/* In a VM nothing needs to be undone: a record is a record. */
	if (!json_object_get(order.json, "shell") && (r == 0 || r == -EUCLEAN))
		r = send_record(dirfd, err);
	suite_free(order.suite);
	json_decref(order.json);
	return r;
}

int main(int argc, char **argv)
{
	struct error err = {};
	int status, r;

	if (getpid() != 1) {
		fprintf(stderr, "wring-guest: runs as PID 1 of a machine that wring boots\n");
		return EXIT_FAILURE;
	}
	if (argc < 2 || !streq(argv[argc - 1], "mounted")) {
		/* libnuma looks at /proc and /sys before main(): mount, then begin anew. */
		char *again[] = { argv[0], (char *)"mounted", NULL };

		r = mount_all(&err);
		if (r == 0)
			execv("/init", again);
	}
	status = open("/dev/ttyS1", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	r = err.code ? err.code : serve(status, &err);
	if (r < 0) {
		for (char *p = err.text; *p; p++)
			if (*p == '\n')
				*p = ' ';
		printf("wring-guest: %s\n", err.text);
		tell(status, "error %s\n", err.text);
	} else {
		tell(status, "done\n");
	}
	fflush(stdout);
	fsync(status);
	sync();
	reboot(RB_POWER_OFF);
	return EXIT_FAILURE; /* PID 1 must not end: the kernel panics, and QEMU ends with it */
}
