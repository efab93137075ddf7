/* SPDX-License-Identifier: MIT */
/*
 * Screen: raw mode and drawing. The text has no control characters but line feeds.
 */
#include "lamina/screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* The second screen, without a cursor; and back. */
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"

#define LINES_DEFAULT   24u /* a serial line does not know */
#define COLUMNS_DEFAULT 80u

static struct {
    bool open;
    struct termios before;
} screen;

static void put(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(STDOUT_FILENO, text, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* the terminal is gone: the next read ends the program */
        text += n;
        size -= (size_t)n;
    }
}

int screen_open(void)
{
    struct termios raw;

    if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &screen.before) != 0)
        return -ENOTTY;
    raw = screen.before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0)
        return -errno;
    screen.open = true;
    put(ENTER, strlen(ENTER));
    return 0;
}

void screen_close(void)
{
    if (!screen.open)
        return;
    put(LEAVE, strlen(LEAVE));
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &screen.before);
    screen.open = false;
}

/* Bytes of the line's first characters; those that continue a character take no column. */
static size_t fitting(const char *line, size_t length, unsigned columns)
{
    size_t bytes = 0;

    for (; bytes < length; bytes++) {
        bool starts = ((unsigned char)line[bytes] & 0xc0) != 0x80;

        if (starts && columns-- == 0)
            break;
    }
    return bytes;
}

static void draw(FILE *frame, const char *text, unsigned lines, unsigned columns)
{
    fputs("\033[H", frame);
    for (unsigned i = 0; i < lines && *text != '\0'; i++) {
        size_t length = strcspn(text, "\n");

        fprintf(frame, "%s%.*s\033[K", i > 0 ? "\r\n" : "", (int)fitting(text, length, columns),
                text);
        text += length + (text[length] == '\n');
    }
    fputs("\033[J", frame);
}

void screen_show(const char *text)
{
    struct winsize size = { .ws_row = 0 };
    char *bytes = NULL;
    size_t length;
    FILE *frame = open_memstream(&bytes, &length);

    if (!frame)
        return; /* no memory now: the next turn shows the next sample */
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    draw(frame, text, size.ws_row ? size.ws_row : LINES_DEFAULT,
         size.ws_col ? size.ws_col : COLUMNS_DEFAULT);
    if (fclose(frame) == 0)
        put(bytes, length);
    free(bytes);
}
