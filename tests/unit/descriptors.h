/* SPDX-License-Identifier: MIT */
/*
 * How many descriptors this process has open: what a test compares before and after.
 */
#ifndef LAMINA_TESTS_DESCRIPTORS_H
#define LAMINA_TESTS_DESCRIPTORS_H

#include <dirent.h>

static inline unsigned nr_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned nr = 0;

    while (readdir(folder))
        nr++;
    closedir(folder);
    return nr;
}

#endif
