// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel's delay accounting says of a process, as its own getdelays program asks: by
 * netlink, of all threads together (Documentation/accounting/delay-accounting.rst and
 * taskstats.rst).
 *
 *   delays PID COUNT INTERVAL_MS
 *
 * prints COUNT lines: the monotonic clock before and after asking, in ns; the process's exact run
 * time; its delays for block I/O, swapping in, reclaim, thrashing and compaction, all in ns. Fewer
 * when the process ends. Needs the sysctl kernel.task_delayacct set before the process begins.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct message {
	struct nlmsghdr netlink;
	struct genlmsghdr generic;
	char attributes[2000];
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Sends a command with one attribute, and takes the answer; -errno as the kernel says. */
static int ask(int fd, uint16_t family, uint8_t command, uint16_t type, const void *value,
	       uint16_t length, struct message *answer)
{
	struct message m = {
		.netlink = { .nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST },
		.generic = { .cmd = command, .version = 1 },
	};
	struct nlattr *attribute = (struct nlattr *)m.attributes;
	ssize_t n;

	attribute->nla_type = type;
	attribute->nla_len = (uint16_t)(NLA_HDRLEN + length);
	memcpy((char *)attribute + NLA_HDRLEN, value, length);
	m.netlink.nlmsg_len = (uint32_t)(NLMSG_LENGTH(GENL_HDRLEN) + NLA_ALIGN(attribute->nla_len));
	if (send(fd, &m, m.netlink.nlmsg_len, 0) < 0)
		return -errno;
	n = recv(fd, answer, sizeof(*answer), 0);
	if (n < 0)
		return -errno;
	if (answer->netlink.nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(&answer->netlink))->error;
	return NLMSG_OK(&answer->netlink, n) ? 0 : -EBADMSG;
}

/* An attribute among those of a text of them, or NULL. */
static struct nlattr *find(char *at, const char *end, uint16_t type)
{
	while (at + NLA_HDRLEN <= end) {
		struct nlattr *attribute = (struct nlattr *)at;

		if ((attribute->nla_type & NLA_TYPE_MASK) == type)
			return attribute;
		if (attribute->nla_len < NLA_HDRLEN)
			break;
		at += NLA_ALIGN(attribute->nla_len);
	}
	return NULL;
}

static struct nlattr *find_in_answer(struct message *m, uint16_t type)
{
	return find(m->attributes, (char *)m + m->netlink.nlmsg_len, type);
}

static int family_of(int fd, const char *name, uint16_t *ret)
{
	struct message answer;
	struct nlattr *id;
	int r = ask(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, name,
		    (uint16_t)(strlen(name) + 1), &answer);

	if (r < 0)
		return r;
	id = find_in_answer(&answer, CTRL_ATTR_FAMILY_ID);
	if (!id)
		return -ENOENT;
	memcpy(ret, (char *)id + NLA_HDRLEN, sizeof(*ret));
	return 0;
}

static int stats_of(int fd, uint16_t family, uint32_t pid, struct taskstats *ret)
{
	struct message answer;
	struct nlattr *outer, *stats;
	size_t length;
	int r = ask(fd, family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_TGID, &pid, sizeof(pid),
		    &answer);

	if (r < 0)
		return r;
	outer = find_in_answer(&answer, TASKSTATS_TYPE_AGGR_TGID);
	stats = outer ? find((char *)outer + NLA_HDRLEN, (char *)outer + outer->nla_len,
			     TASKSTATS_TYPE_STATS)
		      : NULL;
	if (!stats)
		return -ENOENT;
	*ret = (struct taskstats){};
	/* Another kernel's structure ends sooner or later; what both have lies at the same place.
	 */
	length = stats->nla_len - (size_t)NLA_HDRLEN;
	memcpy(ret, (char *)stats + NLA_HDRLEN, length < sizeof(*ret) ? length : sizeof(*ret));
	return 0;
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "delays: %s: %s\n", what, strerror(-error));
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), r;
	struct timespec interval = {};
	uint16_t family = 0;
	long ms;

	if (argc != 4) {
		fprintf(stderr, "usage: delays PID COUNT INTERVAL_MS\n");
		return EXIT_FAILURE;
	}
	ms = strtol(argv[3], NULL, 10);
	interval.tv_sec = ms / 1000;
	interval.tv_nsec = ms % 1000 * 1000000;
	r = fd < 0 ? -errno : family_of(fd, TASKSTATS_GENL_NAME, &family);
	if (r < 0)
		return fail("taskstats", r);
	for (long n = strtol(argv[2], NULL, 10); n > 0; n--) {
		uint64_t before = now();
		struct taskstats s;

		r = stats_of(fd, family, (uint32_t)strtoul(argv[1], NULL, 10), &s);
		if (r == -ESRCH)
			break;
		if (r < 0)
			return fail(argv[1], r);
		printf("%llu %llu %llu %llu %llu %llu %llu %llu\n", (unsigned long long)before,
		       (unsigned long long)now(), s.cpu_run_virtual_total, s.blkio_delay_total,
		       s.swapin_delay_total, s.freepages_delay_total, s.thrashing_delay_total,
		       s.compact_delay_total);
		fflush(stdout);
		nanosleep(&interval, NULL);
	}
	return EXIT_SUCCESS;
}
