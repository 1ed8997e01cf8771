// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A generator's whole work in a process of this program's cgroup and memory policy, without wring's
 * harness around it, for scripts in a VM that look at the kernel's own files:
 *
 *   squeeze GENERATOR OPTIONS [NODE]      squeeze anon "size=16M advise=free" 1
 *
 * With a NODE its memory is bound there.
 */
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lead.h"

#define WAIT_NS UINT64_C(120000000000) /* under emulation, with swap */

int main(int argc, char **argv)
{
	struct lead l;
	bool done;

	if (argc < 3) {
		fprintf(stderr, "usage: squeeze GENERATOR OPTIONS [NODE]\n");
		return EXIT_FAILURE;
	}
	if (argc > 3) {
		unsigned long nodes = 1ul << strtoul(argv[3], NULL, 10);

		if (set_mempolicy(MPOL_BIND, &nodes, 8 * sizeof(nodes)) < 0) {
			perror("squeeze: set_mempolicy");
			return EXIT_FAILURE;
		}
	}
	done = lead_init(&l, argv[1], argv[2], 1);
	l.args.measured.ops = 3 * l.plan.ops_per_pass;
	l.wait_ns = WAIT_NS;
	done = done && lead_all(&l) && lead_end(&l);
	if (!done)
		fprintf(stderr, "squeeze: %s: %s\n", argv[1], l.err.text);
	lead_done(&l);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
