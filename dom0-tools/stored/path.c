/* SPDX-License-Identifier: MIT */
/*
 * Path: what is a name, what is above it, and what a relative one stands for.
 */
#include "stored/path.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HOMES "/local/domain/"

const char *const path_special_names[SPECIAL_COUNT] = { "@introduceDomain", "@releaseDomain" };

int path_special(const char *path)
{
    for (int i = 0; i < SPECIAL_COUNT; i++)
        if (strcmp(path, path_special_names[i]) == 0)
            return i;
    return -1;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-/_@", c));
}

static bool is_well_formed(const char *path, size_t length)
{
    if (path[0] != '/' || (length > 1 && path[length - 1] == '/') || strstr(path, "//"))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_name_char(path[i]))
            return false;
    return true;
}

/* Length of "/local/domain/<digits>/" at the start of the path; 0: it does not start so. */
static size_t home_prefix(const char *path)
{
    size_t start = strlen(HOMES), i = start;

    if (strncmp(path, HOMES, start) != 0)
        return 0;
    while (path[i] >= '0' && path[i] <= '9')
        i++;
    return i > start && i <= start + 5 && path[i] == '/' ? i + 1 : 0;
}

int path_absolute(const char *given, uint16_t domid, size_t length_max, char out[PATH_ROOM])
{
    char path[PATH_ROOM];
    size_t length = strlen(given);

    if (length == 0 || given[0] == '@' ||
        length > (given[0] == '/' ? XENSTORE_ABS_PATH_MAX : XENSTORE_REL_PATH_MAX))
        return EINVAL;
    int n = given[0] == '/' ? snprintf(path, sizeof(path), "%s", given)
                            : snprintf(path, sizeof(path), HOMES "%u/%s", domid, given);
    if (n < 0 || (size_t)n >= sizeof(path) || !is_well_formed(path, (size_t)n))
        return EINVAL;
    if (length_max && (size_t)n - home_prefix(path) > length_max)
        return EINVAL;
    memcpy(out, path, (size_t)n + 1);
    return 0;
}

void path_parent(const char *path, char out[PATH_ROOM])
{
    size_t length = (size_t)(strrchr(path, '/') - path);

    memmove(out, path, length);
    if (length == 0)
        out[length++] = '/';
    out[length] = '\0';
}

int path_depth_below(const char *path, const char *ancestor)
{
    size_t length = strlen(ancestor);
    int depth = 0;

    if (strcmp(path, ancestor) == 0)
        return 0;
    if (strcmp(ancestor, "/") == 0)
        length = 0;
    if (path[0] != '/' || ancestor[0] != '/' || strncmp(path, ancestor, length) != 0 ||
        path[length] != '/')
        return -1;
    for (const char *p = path + length; *p; p++)
        depth += *p == '/';
    return depth;
}

void path_home(uint16_t domid, char out[PATH_ROOM])
{
    snprintf(out, PATH_ROOM, HOMES "%u", domid);
}
