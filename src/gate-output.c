// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/gate-output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "src/cleanup.h"
#include "src/command.h"
#include "src/file.h"
#include "src/macro.h"

int gate_exit_code(enum gate_outcome outcome)
{
	static const int codes[] = { [GATE_PASS] = EXIT_DONE,
				     [GATE_INCONCLUSIVE] = EXIT_INCONCLUSIVE,
				     [GATE_REGRESSION] = EXIT_REGRESSION,
				     [GATE_INVALID] = EXIT_INVALID };

	return codes[outcome];
}

static int write_file(const char *path, const struct gate_report *report,
		      int (*write)(FILE *f, const struct gate_report *report), struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int r = f ? write(f, report) : -errno;

	if (f && fclose(f) == EOF)
		r = -ENOMEM;
	return r < 0 ? error_set(err, r, "write %s", path)
		     : file_write_atomic(AT_FDCWD, path, text, size, err);
}

int gate_output(const struct gate_report *report, const struct gate_files *files, struct error *err)
{
	const struct {
		const char *path;
		int (*write)(FILE *f, const struct gate_report *report);
	} outputs[] = { { files->junit, gate_write_junit },
			{ files->ktap, gate_write_ktap },
			{ files->markdown, gate_write_markdown } };
	int r = gate_write_text(stdout, report);

	if (r < 0 || fflush(stdout) == EOF)
		return error_set(err, r < 0 ? r : -errno, "print the verdict");
	for (size_t i = 0; i < ARRAY_SIZE(outputs); i++)
		if (outputs[i].path &&
		    (r = write_file(outputs[i].path, report, outputs[i].write, err)) < 0)
			return r;
	return 0;
}
