// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/plain.h"

#include <stdint.h>
#include <string.h>

#include "src/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define ELLIPSIS    "…"

static uint32_t decode(const char *p, size_t len)
{
	uint32_t c = (unsigned char)*p;

	if (len > 1)
		c &= 0x7fu >> len;
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)p[i] & 0x3f);
	return c;
}

static bool harmful(uint32_t c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x200e ||
	       c == 0x200f || /* direction marks */
	       (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || /* lines, direction */
	       c == 0xfeff || (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
}

bool plain_next(const char **text, struct plain_char *ret)
{
	const char *p = *text;
	size_t len;

	if (!*p)
		return false;
	len = utf8_length(p);
	*text += len ? len : 1;
	if (len == 1 && strchr("\t\n\r", *p))
		*ret = (struct plain_char){ " ", 1 };
	else if (!len || harmful(decode(p, len)))
		*ret = (struct plain_char){ REPLACEMENT, strlen(REPLACEMENT) };
	else
		*ret = (struct plain_char){ p, len };
	return true;
}

const char *plain_cut(const char *text, size_t columns, char *buf, size_t size)
{
	size_t used = 0, fits = 0, n = 0; /* fits: up to here the ellipsis has room behind it */
	struct plain_char c;

	while (plain_next(&text, &c)) {
		if (n == columns || used + c.len >= size) {
			memcpy(buf + fits, ELLIPSIS, sizeof(ELLIPSIS));
			return buf;
		}
		if (n < columns && used + sizeof(ELLIPSIS) <= size)
			fits = used;
		memcpy(buf + used, c.bytes, c.len);
		used += c.len;
		n++;
	}
	buf[used] = '\0';
	return buf;
}
