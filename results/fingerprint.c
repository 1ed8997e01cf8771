// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/fingerprint.h"

#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <string.h>
#include <unistd.h>

#include "results/slow.h"
#include "results/spans.h"
#include "src/cleanup.h"
#include "src/file.h"

static int add_file(struct sha256_ctx *hash, int dirfd, const char *path, struct error *err)
{
	_cleanup_free_ char *data = NULL;
	size_t len;
	int r = file_read(dirfd, path, &data, &len, err);

	if (r == 0)
		sha256_update(hash, len, (const uint8_t *)data);
	return r;
}

int fingerprint_compute(int dirfd, const json_t *metrics, char ret[static FINGERPRINT_SIZE],
			struct error *err)
{
	_cleanup_free_ char *text =
		json_dumps(metrics, JSON_COMPACT | JSON_SORT_KEYS | RECORD_JSON_FLAGS);
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx hash;
	int r;

	if (!text)
		return error_set(err, -ENOMEM, "compute the fingerprint");
	sha256_init(&hash);
	r = add_file(&hash, dirfd, "samples.tsv", err);
	if (r == 0)
		r = add_file(&hash, dirfd, "latency.tsv", err);
	if (r == 0 && faccessat(dirfd, SPANS_FILE, F_OK, 0) == 0)
		r = add_file(&hash, dirfd, SPANS_FILE, err);
	if (r == 0 && faccessat(dirfd, SLOW_FILE, F_OK, 0) == 0)
		r = add_file(&hash, dirfd, SLOW_FILE, err);
	if (r < 0)
		return r;
	sha256_update(&hash, strlen(text), (const uint8_t *)text);
	sha256_digest(&hash, sizeof(digest), digest);
	base16_encode_update(ret, sizeof(digest), digest);
	ret[FINGERPRINT_SIZE - 1] = '\0';
	return 0;
}
