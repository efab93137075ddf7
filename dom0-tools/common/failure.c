/* SPDX-License-Identifier: MIT */
/*
 * Failure: puts the line together. The first cause stays, and a line that is too long is cut.
 */
#include "common/failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int failure_set(struct failure *failure, enum failure_kind kind, int error, const char *format, ...)
{
    int rc = error ? error : -EIO;
    va_list arguments;

    if (failure->kind != FAILURE_NONE)
        return rc;
    failure->kind = kind;
    failure->error = rc;
    va_start(arguments, format);
    int length = vsnprintf(failure->text, sizeof(failure->text), format, arguments);
    va_end(arguments);
    bool explains_itself = strstr(format, ": ") != NULL;
    if (error != 0 && !explains_itself && length >= 0 && (size_t)length < sizeof(failure->text))
        snprintf(failure->text + length, sizeof(failure->text) - (size_t)length, ": %s",
                 strerror(-error));
    return rc;
}

bool failure_may_pass(int error)
{
    static const int passing[] = { -ENOMEM, -EMFILE, -ENFILE, -ENOTCONN, -EAGAIN, -EINTR,
                                   -ETIMEDOUT };

    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
        if (error == passing[i])
            return true;
    return false;
}
