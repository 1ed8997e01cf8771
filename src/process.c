// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define OUTPUT_MAX  ((size_t)16 << 20)
#define QUOTE_BYTES 600
#define LOCALE	    "LC_ALL=C.UTF-8"

const char *process_default_path(void)
{
	return "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
}

int process_find(const char *name, char **ret, struct error *err)
{
	_cleanup_free_ char *all = NULL;
	const char *path = getenv("PATH");
	char *save = NULL;

	if (strchr(name, '/')) {
		if (access(name, X_OK) < 0)
			return error_set(err, -errno, "run %s", name);
		*ret = strdup(name);
		return *ret ? 0 : error_set(err, -ENOMEM, "run %s", name);
	}
	all = text_format("%s:/usr/sbin:/sbin", path && *path ? path : process_default_path());
	if (!all)
		return error_set(err, -ENOMEM, "run %s", name);
	for (char *dir = strtok_r(all, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		_cleanup_free_ char *full = path_join(dir, name);

		if (!full)
			return error_set(err, -ENOMEM, "run %s", name);
		if (access(full, X_OK) == 0) {
			*ret = TAKE_PTR(full);
			return 0;
		}
	}
	return error_say(err, -ENOENT, "the program %s is not installed", name);
}

/* The environment with LOCALE in LC_ALL's place. The array is the caller's, the strings are not. */
static char **environment(void)
{
	size_t n = 0, out = 0;
	char **copy;

	while (environ && environ[n])
		n++;
	copy = calloc(n + 2, sizeof(*copy));
	if (!copy)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!starts_with(environ[i], "LC_ALL="))
			copy[out++] = environ[i];
	copy[out] = (char *)LOCALE;
	return copy;
}

static int spawn(pid_t *ret, const char *program, const char *const argv[], const char *cwd,
		 int out_fd)
{
	_cleanup_free_ char **env = environment();
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	int r;

	if (!env)
		return -ENOMEM;
	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attr) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE); /* main() ignores it, and children would inherit that */
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, out_fd, 2);
	if (r == 0 && cwd)
		r = posix_spawn_file_actions_addchdir_np(&actions, cwd);
	if (r == 0)
		r = posix_spawn(ret, program, &actions, &attr, (char *const *)argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Reads to the end, whatever happens, so that the program never blocks on a full pipe. */
static int collect(int fd, char **ret)
{
	_cleanup_free_ char *data = calloc(1, 1);
	size_t len = 0, room = 1;
	char chunk[16384];
	int r = data ? 0 : -ENOMEM;

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		size_t keep;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		keep = MIN((size_t)n, OUTPUT_MAX - len);
		if (r < 0 || keep == 0)
			continue;
		if (len + keep + 1 > room) {
			size_t want = MAX(room * 2, len + keep + 1);
			char *more = realloc(data, want);

			if (!more) {
				r = -ENOMEM;
				continue;
			}
			data = more;
			room = want;
		}
		memcpy(data + len, chunk, keep);
		len += keep;
		data[len] = '\0';
	}
	if (r == 0)
		*ret = TAKE_PTR(data);
	return r;
}

/* The output's last lines that fit into an error. */
static const char *quote(char *output)
{
	size_t len = strlen(output);
	char *start, *newline;

	while (len && (output[len - 1] == '\n' || output[len - 1] == ' '))
		output[--len] = '\0';
	if (len <= QUOTE_BYTES)
		return len ? output : "(it printed nothing)";
	start = output + len - QUOTE_BYTES;
	newline = strchr(start, '\n');
	return newline ? newline + 1 : start;
}

int process_run(const char *const argv[], const char *cwd, char **ret_output, int *ret_status,
		struct error *err)
{
	_cleanup_close_ int in = -1, out = -1;
	_cleanup_free_ char *program = NULL, *output = NULL;
	int fds[2], wstatus, status, r, collected;
	pid_t pid;

	r = process_find(argv[0], &program, err);
	if (r < 0)
		return r;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(err, -errno, "run %s", argv[0]);
	in = fds[0];
	out = fds[1];
	r = spawn(&pid, program, argv, cwd, out);
	if (r < 0)
		return error_set(err, r, "run %s%s%s", program, cwd ? " in " : "", cwd ? cwd : "");
	close(TAKE_FD(out));
	collected = collect(in, &output);
	do
		r = waitpid(pid, &wstatus, 0) < 0 ? -errno : 0;
	while (r == -EINTR);
	if (r < 0)
		return error_set(err, r, "wait for %s", argv[0]);
	if (collected < 0)
		return error_set(err, collected, "read the output of %s", argv[0]);
	status = WIFSIGNALED(wstatus) ? -WTERMSIG(wstatus) : WEXITSTATUS(wstatus);
	if (!ret_status && status < 0)
		return error_say(err, -EIO, "%s was killed by signal %d", argv[0], -status);
	if (!ret_status && status > 0)
		return error_say(err, -EIO, "%s failed (exit status %d):\n%s", argv[0], status,
				 quote(output));
	if (ret_status)
		*ret_status = status;
	if (ret_output)
		*ret_output = TAKE_PTR(output);
	return 0;
}
