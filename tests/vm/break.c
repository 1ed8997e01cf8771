// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A workload that breaks its machine from inside, as root, in the way that its argument names. What
 * a guest can do to the host is what lab-broken.sh looks for.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW_VENDOR "0x1af4\n"
#define WINDOW_DEVICE "0x1110\n"

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static void panic_kernel(void)
{
	write_text("/proc/sys/kernel/sysrq", "1");
	write_text("/proc/sysrq-trigger", "c");
}

/* The lone CPU never runs anything else again, and nothing sets an end to it. */
static void hang(void)
{
	struct sched_param first = { .sched_priority = sched_get_priority_max(SCHED_FIFO) };

	write_text("/proc/sys/kernel/sched_rt_runtime_us", "-1");
	if (sched_setscheduler(0, SCHED_FIFO, &first) < 0)
		perror("sched_setscheduler");
	for (;;)
		;
}

/* Takes all memory, and there is no process that the kernel may kill. */
static void exhaust(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		char path[300];

		snprintf(path, sizeof(path), "/proc/%s/oom_score_adj", entry->d_name);
		if (*entry->d_name >= '1' && *entry->d_name <= '9')
			write_text(path, "-1000");
	}
	for (;;) {
		void *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

		if (at == MAP_FAILED)
			at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at != MAP_FAILED)
			memset(at, 1, 1 << 20);
	}
}

static void power_off(void)
{
	reboot(RB_POWER_OFF);
}

static void restart(void)
{
	reboot(RB_AUTOBOOT);
}

static void flood(void)
{
	static char line[4096];
	int fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);

	memset(line, 'x', sizeof(line));
	while (write(fd, line, sizeof(line)) > 0)
		;
}

/* As the kernel says that it has panicked: a machine that is not being saved goes on. */
static void cry_wolf(void)
{
	if (iopl(3) == 0)
		outb(1, 0x505);
}

static void say(const char *line)
{
	write_text("/dev/ttyS1", line);
	usleep(100000); /* until the port has sent it */
}

static void say_done(void)
{
	say("done\n");
	power_off();
}

static void say_error(void)
{
	say("error \033[2J\033]0;owned\a \xff\xfe not \"quoted\" {\n");
	power_off();
}

static int is(const char *dir, const char *file, const char *want)
{
	char path[300], text[20] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", dir, file);
	fd = open(path, O_RDONLY);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strcmp(text, want) == 0;
}

/* The window that results go through, to write there what we like. */
static char *window(size_t *ret_size)
{
	DIR *bus = opendir("/sys/bus/pci/devices");
	struct dirent *entry;

	while (bus && (entry = readdir(bus))) {
		char path[300];
		struct stat st;
		void *at;
		int fd;

		if (!is(entry->d_name, "vendor", WINDOW_VENDOR) ||
		    !is(entry->d_name, "device", WINDOW_DEVICE))
			continue;
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", entry->d_name);
		write_text(path, "1");
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource2", entry->d_name);
		fd = open(path, O_RDWR);
		if (fd < 0 || fstat(fd, &st) < 0)
			break;
		at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (at == MAP_FAILED)
			break;
		*ret_size = (size_t)st.st_size;
		return at;
	}
	perror("window");
	exit(EXIT_FAILURE);
}

/* A ustar header (POSIX.1-1988); type '0' is a file, '2' a symbolic link. */
static void put_header(char *at, const char *name, char type, const char *target,
		       unsigned long size)
{
	unsigned sum = 0;

	memset(at, 0, 512);
	snprintf(at, 100, "%s", name);
	snprintf(at + 100, 8, "%07o", 0644);
	snprintf(at + 108, 8, "%07o", 0);
	snprintf(at + 116, 8, "%07o", 0);
	snprintf(at + 124, 12, "%011lo", size);
	snprintf(at + 136, 12, "%011o", 0);
	memset(at + 148, ' ', 8);
	at[156] = type;
	snprintf(at + 157, 100, "%s", target);
	memcpy(at + 257, "ustar\00000", 8);
	for (unsigned i = 0; i < 512; i++)
		sum += (unsigned char)at[i];
	snprintf(at + 148, 8, "%06o", sum);
}

static void escape_by_path(void)
{
	size_t size;
	char *at = window(&size);

	put_header(at, "../../../../../../../../tmp/wring-escaped", '0', "", 6);
	memcpy(at + 512, "owned\n", 6);
	say_done();
}

static void escape_by_link(void)
{
	size_t size;
	char *at = window(&size);

	put_header(at, "trial.json", '2', "/tmp/wring-escaped", 0);
	put_header(at + 512, "trial.json", '0', "", 6);
	memcpy(at + 1024, "owned\n", 6);
	say_done();
}

static void claim_too_much(void)
{
	size_t size;
	char *at = window(&size);

	put_header(at, "trial.json", '0', "", 200ul << 20);
	memset(at + 512, '{', 1 << 20);
	say_done();
}

static void write_garbage(void)
{
	size_t size;
	char *at = window(&size);

	for (size_t i = 0; i < 1 << 20; i++)
		at[i] = (char)(i * 2654435761u >> 13);
	say_done();
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {
	{ "panic", panic_kernel },
	{ "hang", hang },
	{ "exhaust", exhaust },
	{ "power-off", power_off },
	{ "restart", restart },
	{ "flood", flood },
	{ "cry-wolf", cry_wolf },
	{ "say-done", say_done },
	{ "say-error", say_error },
	{ "escape-by-path", escape_by_path },
	{ "escape-by-link", escape_by_link },
	{ "claim-too-much", claim_too_much },
	{ "write-garbage", write_garbage },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].name, argv[1]) == 0) {
			ways[i].run();
			return EXIT_SUCCESS;
		}
	fprintf(stderr, "usage: break WAY\n");
	return EXIT_FAILURE;
}
