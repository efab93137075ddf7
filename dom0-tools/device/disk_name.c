/* SPDX-License-Identifier: MIT */
/*
 * Disk name: prefix, letters, partition.
 */
#include "device/disk_name.h"

#include <errno.h>
#include <string.h>

enum { XVD_MAJOR = 202, HD_MAJOR_0 = 3, HD_MAJOR_1 = 22, SD_MAJOR = 8 };

#define EXTENDED (1u << 28)

/* a..z, aa..zz as 0..25, 26..701. */
static int parse_letters(const char **text, unsigned *disk)
{
    unsigned value = 0, nr = 0;

    for (; **text >= 'a' && **text <= 'z' && nr < 3; (*text)++, nr++)
        value = value * 26 + (unsigned)(**text - 'a') + 1;
    if (nr == 0 || nr > 2)
        return -EINVAL;
    *disk = value - 1;
    return 0;
}

/* Nothing is 0, the whole disk. */
static int parse_partition(const char *text, unsigned *partition)
{
    unsigned value = 0;

    if (*text == '0')
        return -EINVAL;
    for (; *text >= '0' && *text <= '9' && value < 1000; text++)
        value = value * 10 + (unsigned)(*text - '0');
    *partition = value;
    return *text == '\0' ? 0 : -EINVAL;
}

static int xvd_number(unsigned disk, unsigned partition, unsigned *number)
{
    if (partition > 255)
        return -EINVAL;
    if (disk < 16 && partition < 16)
        *number = XVD_MAJOR << 8 | disk << 4 | partition;
    else
        *number = EXTENDED | disk << 8 | partition;
    return 0;
}

static int hd_number(unsigned disk, unsigned partition, unsigned *number)
{
    if (disk > 3 || partition > 63)
        return -EINVAL;
    *number = (disk < 2 ? HD_MAJOR_0 : HD_MAJOR_1) << 8 | (disk & 1) << 6 | partition;
    return 0;
}

static int sd_number(unsigned disk, unsigned partition, unsigned *number)
{
    if (disk > 15 || partition > 15)
        return -EINVAL;
    *number = SD_MAJOR << 8 | disk << 4 | partition;
    return 0;
}

int disk_name_to_number(const char *name, unsigned *number)
{
    static const struct {
        const char *prefix;
        int (*number)(unsigned disk, unsigned partition, unsigned *number);
    } kinds[] = { { "xvd", xvd_number }, { "hd", hd_number }, { "sd", sd_number } };
    unsigned disk, partition;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t length = strlen(kinds[i].prefix);
        if (strncmp(name, kinds[i].prefix, length) != 0)
            continue;
        name += length;
        if (parse_letters(&name, &disk) != 0 || parse_partition(name, &partition) != 0)
            return -EINVAL;
        return kinds[i].number(disk, partition, number);
    }
    return -EINVAL;
}
