/* SPDX-License-Identifier: MIT */
/*
 * Text: whatever bytes come in, what goes out is valid UTF-8, respectively free of control
 * characters.
 */
#include "lamina/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Bytes of the sequence that the first byte announces; 0: it announces none. */
static size_t sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* The second byte has bounds of its own where a shorter spelling or a surrogate must not pass. */
static bool is_good_second(unsigned char first, unsigned char second)
{
    unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

    return second >= low && second <= high;
}

/* Bytes of the character at text, which ends with NUL; 0: it is none. */
static size_t character_length(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = sequence_length(bytes[0]);

    if (length > 1 && !is_good_second(bytes[0], bytes[1]))
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

char *text_make_utf8(const char *text)
{
    char *copy = malloc(strlen(text) * strlen(REPLACEMENT) + 1);
    char *to = copy;

    while (copy && *text != '\0') {
        size_t length = character_length(text);

        if (length > 0)
            to = mempcpy(to, text, length);
        else
            to = stpcpy(to, REPLACEMENT);
        text += length > 0 ? length : 1;
    }
    if (copy)
        *to = '\0';
    return copy;
}

/* UTF-8 spells the terminal's other control characters 0xc2 0x80 to 0xc2 0x9f. */
static bool is_control(const char *text)
{
    unsigned char c = (unsigned char)text[0];

    return c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)text[1] < 0xa0);
}

/* Bytes of a character that may go out as it is; 0: the byte must not. */
static size_t printable_length(const char *text, size_t room)
{
    size_t length = character_length(text);

    return length > room || is_control(text) ? 0 : length;
}

void text_print_plain(FILE *stream, const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        bool blank = text[i] == '\n' || text[i] == '\t';
        size_t length = blank ? 1 : printable_length(text + i, size - i);

        if (length == 0)
            fputc('?', stream);
        else
            fwrite(text + i, 1, length, stream);
        i += length > 0 ? length : 1;
    }
}

static const char escapes[][2] = { { 'n', '\n' }, { 't', '\t' }, { 'r', '\r' }, { '\\', '\\' } };

#define NR_ESCAPES (sizeof(escapes) / sizeof(escapes[0]))

/* The letter that stands for the byte behind a backslash, or 0. */
static char escape_letter(char byte)
{
    for (size_t e = 0; e < NR_ESCAPES; e++) {
        if (escapes[e][1] == byte)
            return escapes[e][0];
    }
    return 0;
}

void text_print_escaped(FILE *stream, const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        char letter = escape_letter(text[i]);
        size_t length = printable_length(text + i, size - i);

        if (letter)
            fprintf(stream, "\\%c", letter);
        else if (length == 0)
            fprintf(stream, "\\x%02x", (unsigned char)text[i]);
        else
            fwrite(text + i, 1, length, stream);
        i += letter || length == 0 ? 1 : length;
    }
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *digit = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));

    return digit ? (int)(digit - digits) : -1;
}

/* What stands behind a backslash; moves on to its last byte. -1: nothing that is known. */
static int take_escape(const char **text)
{
    const char *p = *text;

    for (size_t e = 0; e < NR_ESCAPES; e++) {
        if (escapes[e][0] == *p)
            return (unsigned char)escapes[e][1];
    }
    if (*p != 'x' || hex_value(p[1]) < 0 || hex_value(p[2]) < 0)
        return -1;
    *text += 2;
    return hex_value(p[1]) << 4 | hex_value(p[2]);
}

char *text_unescape(const char *text, size_t *size)
{
    char *bytes = malloc(strlen(text) + 1);
    size_t at = 0;

    if (!bytes)
        return NULL;
    for (; *text != '\0'; text++) {
        int byte = (unsigned char)*text;

        if (byte == '\\') {
            text++;
            byte = take_escape(&text);
        }
        if (byte < 0) {
            free(bytes);
            errno = EINVAL;
            return NULL;
        }
        bytes[at++] = (char)byte;
    }
    bytes[at] = '\0';
    *size = at;
    return bytes;
}
