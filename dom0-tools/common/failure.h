/* SPDX-License-Identifier: MIT */
/*
 * Failure: why an operation did not succeed, as one line for people: what failed, on what, and
 * where it helps what to do about it. No full stop, no newline, no program name.
 */
#ifndef LAMINA_COMMON_FAILURE_H
#define LAMINA_COMMON_FAILURE_H

#include <stdarg.h>
#include <stdbool.h>

enum failure_kind {
    FAILURE_NONE,
    FAILURE_OPERATION, /* refused or did not succeed */
    FAILURE_FILE,      /* a file could not be read or written */
    FAILURE_CONFIG,    /* the domain's configuration asks for what cannot be */
};

struct failure {
    enum failure_kind kind;
    int error; /* negative errno value */
    char text[512];
};

/*
 * Says why. When error is not 0, ": strerror" follows, unless the format holds ": " and so brings
 * an explanation of its own. The first word stays: a failure that is already set is not
 * overwritten, so that clean-up cannot hide the cause. Returns error (or -EIO when that is 0) for
 * `return`.
 */
int failure_set(struct failure *failure, enum failure_kind kind, int error, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/*
 * Whether the same may succeed in a while without anybody's doing: memory or descriptors are short,
 * a daemon is away, somebody was in between.
 */
bool failure_may_pass(int error);

#endif
