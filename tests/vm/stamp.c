// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When another tool printed what: runs a command and puts the monotonic clock, in ns, before each
 * line that it prints. The first line is «start», from before the command was begun:
 *
 *   stamp COMMAND [ARGUMENT]...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long long)t.tv_sec * 1000000000 + (unsigned long long)t.tv_nsec;
}

int main(int argc, char **argv)
{
	char line[2000];
	int pipe_fds[2], status = -1;
	FILE *from;

	if (argc < 2 || pipe(pipe_fds) < 0) {
		fprintf(stderr, "usage: stamp COMMAND [ARGUMENT]...\n");
		return EXIT_FAILURE;
	}
	printf("%llu start\n", now());
	fflush(stdout);
	if (fork() == 0) {
		dup2(pipe_fds[1], STDOUT_FILENO);
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	close(pipe_fds[1]);
	from = fdopen(pipe_fds[0], "r");
	while (from && fgets(line, sizeof(line), from)) {
		printf("%llu %s", now(), line);
		fflush(stdout);
	}
	wait(&status);
	return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
