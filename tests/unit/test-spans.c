// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading spans.tsv: what is there, what is not told, and every way in which it can be wrong. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "results/spans.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

#define HEAD                                                                                       \
	"start_ns\tend_ns\tworkload\tthread\twhat\tnode\torder\tpriority\tscanned\treclaimed\t"    \
	"detail\n"

static int read_spans(int fd, const char *text, struct spans *ret, struct error *err)
{
	*err = (struct error){};
	if (file_write_atomic(fd, SPANS_FILE, text, strlen(text), err) < 0)
		exit(1);
	return spans_read(ret, fd, err);
}

static void test_good(int fd)
{
	struct spans s = {};
	struct error err;

	tap_eq_i64(read_spans(fd,
			      HEAD "100\t900\tanon\t0.1\tmemcg-reclaim\t1\t0\t9\t64\t32\t-\n"
				   "150\t150\tanon\t0.1\tlru\t1\t-\t12\t32\t0\tfile\n"
				   "150\t500\t-\tkswapd0\tkswapd\t0\t3\t-\t-\t-\t-\n"
				   "200\t300\tanon\t0.1\tshrinker\t1\t-\t9\t0\t0\t"
				   "super_cache_scan\n"
				   "900\t950\tanon\t0.1\tcpu-wait\t-\t-\t-\t-\t-\t-\n",
			      &s, &err),
		   0, "a file with all there is (%s)", err.text);
	if (!tap_eq_u64(s.count, 5, "five spans"))
		return;
	tap_ok(s.items[0].what == SPAN_MEMCG_RECLAIM && s.items[0].start_ns == 100 &&
		       s.items[0].end_ns == 900 && s.items[0].node == 1 && s.items[0].order == 0 &&
		       s.items[0].priority == 9 && s.items[0].scanned == 64 &&
		       s.items[0].reclaimed == 32,
	       "its numbers");
	tap_eq_str(s.items[0].workload, "anon", "its workload");
	tap_eq_str(s.items[0].thread, "0.1", "its thread");
	tap_ok(s.items[1].order == -1 && s.items[1].reclaimed == 0,
	       "not told is -1, and 0 is told");
	tap_ok(s.items[2].scanned == SPAN_UNKNOWN && s.items[2].reclaimed == SPAN_UNKNOWN &&
		       s.items[2].priority == -1,
	       "counts that are not told");
	tap_eq_str(s.items[2].workload, "-", "a stranger's");
	tap_eq_str(s.items[3].detail, "super_cache_scan", "detail");
	spans_done(&s);
	tap_ok(!s.items && !s.count && !s.text, "spans_done leaves nothing");
	tap_eq_i64(read_spans(fd, HEAD, &s, &err), 0, "no span at all");
	tap_eq_u64(s.count, 0, "is none");
	spans_done(&s);
	tap_eq_i64(read_spans(fd,
			      HEAD "1\t5\twork\tchild\tcpu-wait\t-\t-\t-\t-\t-\t-\n"
				   "2\t9\twork\tchild\tio-wait\t-\t-\t-\t-\t-\t-\n",
			      &s, &err),
		   0, "children of one name may overlap");
	spans_done(&s);
}

static void test_names(int fd)
{
	for (int what = 0; what < SPAN_WHATS; what++) {
		_cleanup_free_ char *text = text_format(HEAD "1\t2\t-\tx/1\t%s\t-\t-\t-\t-\t-\t-\n",
							span_what_names[what]);
		struct spans s = {};
		struct error err;

		tap_ok(read_spans(fd, text, &s, &err) == 0 && s.count == 1 &&
			       s.items[0].what == (enum span_what)what,
		       "%s is read back", span_what_names[what]);
		spans_done(&s);
	}
}

#define GOOD "1\t2\tanon\t0.0\tcpu-wait\t-\t-\t-\t-\t-\t-\n"

static void test_bad(int fd)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "first line" },
		{ "start_ns\tend_ns\n", "first line" },
		{ HEAD "1\t2\tanon\t0.0\tcpu-wait\t-\t-\t-\t-\t-\n", "fewer than 11" },
		{ HEAD GOOD "1\t2\tanon\t0.0\tcpu-wait\t-\t-\t-\t-\t-\t-\t-\n",
		  ":3: more than 11" },
		{ HEAD "2\t1\tanon\t0.0\tcpu-wait\t-\t-\t-\t-\t-\t-\n", "before the start" },
		{ HEAD "-\t1\tanon\t0.0\tcpu-wait\t-\t-\t-\t-\t-\t-\n", "must be times" },
		{ HEAD "1\t2\t\t0.0\tcpu-wait\t-\t-\t-\t-\t-\t-\n", "empty" },
		{ HEAD "1\t2\tanon\t0.0\tnap\t-\t-\t-\t-\t-\t-\n", "«nap» is no kind" },
		{ HEAD "1\t2\tanon\t0.0\tcpu-wait\t-1\t-\t-\t-\t-\t-\n", "whole numbers" },
		{ HEAD "1\t2\tanon\t0.0\tcpu-wait\t4294967296\t-\t-\t-\t-\t-\n", "whole numbers" },
		{ HEAD "1\t2\tanon\t0.0\tcpu-wait\t-\t-\t-\t18446744073709551615\t-\t-\n",
		  "whole numbers" },
		{ HEAD "3\t4\tanon\t0.0\tcpu-wait\t-\t-\t-\t-\t-\t-\n" GOOD, ":3: spans must be" },
		{ HEAD "1\t5\tanon\t0.0\tcompact\t-\t-\t-\t-\t-\t-\n"
		       "2\t9\tanon\t0.1\tcpu-wait\t-\t-\t-\t-\t-\t-\n"
		       "4\t6\tanon\t0.0\tcpu-wait\t-\t-\t-\t-\t-\t-\n",
		  ":4: it begins within the span of line 2" },
		{ HEAD "1\t2\tanon\t0.0\tcpu-wait\t-\t-\t-\t-\t-\t-", "cut short" },
		{ HEAD "\n", "fewer than 11" },
	};
	struct spans s = { .count = 7 };
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int r = read_spans(fd, bad[i].text, &s, &err);

		tap_ok(r == -EBADMSG && strstr(err.text, bad[i].says) && s.count == 7, "%s",
		       err.text);
	}
	if (file_write_atomic(fd, SPANS_FILE, HEAD "\0", sizeof(HEAD), NULL) < 0)
		exit(1);
	tap_ok(spans_read(&s, fd, &err) == -EBADMSG && strstr(err.text, "NUL"), "%s", err.text);
	unlinkat(fd, SPANS_FILE, 0);
	tap_eq_i64(spans_read(&s, fd, &err), -ENOENT, "none: %s", err.text);
}

int main(void)
{
	char dir[] = "test-spans.XXXXXX";
	_cleanup_close_ int fd = -1;

	if (!mkdtemp(dir))
		return 1;
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	test_good(fd);
	test_names(fd);
	test_bad(fd);
	dir_remove(AT_FDCWD, dir, NULL);
	return tap_done();
}
