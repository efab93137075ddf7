/* SPDX-License-Identifier: MIT */
/*
 * Host claim: what dom0 itself does with a disk's bytes. The kernel knows of exclusive openers of
 * block devices (mounts, swap, volume groups) and of loop devices; from /proc come their names.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device/claim.h"
#include "device/loop.h"

/* A test has a list of its own. */
#ifndef HOST_MOUNTS
#define HOST_MOUNTS "/proc/self/mountinfo"
#endif

/* One line of mountinfo: its device, where it is mounted, and whether nothing can write through. */
struct mount {
    struct claim claim;
    char *point;
};

/*
 * "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS ... - TYPE SOURCE SUPER-OPTIONS": 1, or 0 when it is of
 * no block device that there is.
 */
static int mount_parse(char *line, struct mount *mount)
{
    unsigned device[2];
    int point = 0, end = 0;

    if (sscanf(line, "%*u %*u %u:%u %*s %n%*s%n", &device[0], &device[1], &point, &end) != 2 ||
        end == 0 || device[0] == 0)
        return 0;
    const char *rest = strstr(line + end, " - ");
    const char *options = rest ? strrchr(rest, ' ') + 1 : "rw";
    mount->claim = (struct claim){ .readonly = strncmp(options, "ro", 2) == 0 };
    line[end] = '\0';
    mount->point = line + point;
    int rc = extent_of_device(makedev(device[0], device[1]), &mount->claim.extent);
    return rc == 0 ? 1 : rc == -ENOENT ? 0 : rc;
}

/* Whether a line is of a mount that overlaps the claim, and says so when it excludes it. */
static int check_mount(char *line, const char *source, const struct claim *claim,
                       struct failure *failure)
{
    struct mount mount;

    line[strcspn(line, "\n")] = '\0';
    int rc = mount_parse(line, &mount);
    if (rc <= 0 || !extent_overlaps(&mount.claim.extent, &claim->extent))
        return rc < 0 ? rc : 0;
    if (claims_agree(&mount.claim, claim))
        return 1;
    return failure_set(failure, FAILURE_CONFIG, -EBUSY,
                       "disk %s: dom0 has it mounted on %s; unmount it first", source,
                       mount.point);
}

/* Says which mount does not go with the claim. *nr_mounts: how many overlap at all. */
static int check_mounts(const char *source, const struct claim *claim, unsigned *nr_mounts,
                        struct failure *failure)
{
    FILE *file = fopen(HOST_MOUNTS, "re");
    char *line = NULL;
    size_t room = 0;
    int rc = 0;

    *nr_mounts = 0;
    if (!file)
        return -errno;
    while (rc >= 0 && getline(&line, &room, file) > 0) {
        rc = check_mount(line, source, claim, failure);
        *nr_mounts += rc > 0;
    }
    /* A list that was not read to its end has not allowed anything. */
    if (rc >= 0)
        rc = feof(file) ? 0 : -errno;
    free(line);
    fclose(file);
    return rc;
}

/* The kernel gives no second opener to whom a device belongs; a mount that only reads may be one.
 */
static int check_openers(int fd, const char *source, const struct claim *claim,
                         struct failure *failure)
{
    unsigned nr_mounts;
    char path[32];
    int rc = check_mounts(source, claim, &nr_mounts, failure);

    if (rc)
        return rc;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int second = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
    if (second < 0 && errno == EBUSY && nr_mounts == 0)
        return failure_set(failure, FAILURE_CONFIG, -EBUSY,
                           "disk %s: dom0 uses it, as swap or as a part of another device; "
                           "see lsblk",
                           source);
    if (second >= 0)
        close(second);
    return 0;
}

static int check_loop(unsigned number, const char *source, const struct claim *claim,
                      struct failure *failure)
{
    struct loop_info64 info;
    struct claim its = { 0 };
    char path[32];
    int rc = loop_status(number, &info);

    /* Ours are in the records of their domains, or on the way out. */
    if (rc || strncmp((const char *)info.lo_file_name, LOOP_TAG, strlen(LOOP_TAG)) == 0)
        return rc == -ENXIO ? 0 : rc;
    snprintf(path, sizeof(path), "/dev/loop%u", number);
    struct stat status;
    rc = stat(path, &status) == 0 ? extent_of_device(status.st_rdev, &its.extent) : -errno;
    if (rc)
        return rc == -ENOENT ? 0 : rc;
    its.readonly = info.lo_flags & LO_FLAGS_READ_ONLY;
    if (claims_agree(&its, claim))
        return 0;
    return failure_set(failure, FAILURE_CONFIG, -EBUSY,
                       "disk %s: %s in dom0 has it; free it with losetup -d %s, or use that "
                       "device as the disk's source",
                       source, path, path);
}

static int number_of_loop(const char *name, unsigned *number)
{
    char rest;

    return sscanf(name, "loop%u%c", number, &rest) == 1 ? 0 : -EINVAL;
}

/* own: a loop device that is the source itself, or holds it as a partition. */
static int check_loops(dev_t own, const char *source, const struct claim *claim,
                       struct failure *failure)
{
    DIR *folder = opendir("/sys/block");
    struct dirent *entry;
    int rc = 0;

    if (!folder)
        return errno == ENOENT ? 0 : -errno;
    while (rc == 0 && (entry = readdir(folder)) != NULL) {
        char path[64];
        struct stat status;
        unsigned number;
        if (number_of_loop(entry->d_name, &number) != 0)
            continue;
        snprintf(path, sizeof(path), "/dev/loop%u", number);
        if (stat(path, &status) == 0 && status.st_rdev != own)
            rc = check_loop(number, source, claim, failure);
    }
    closedir(folder);
    return rc;
}

static int check_host(int fd, const char *source, const struct claim *claim,
                      struct failure *failure)
{
    struct stat status;
    dev_t own = 0;
    int rc = fstat(fd, &status) == 0 ? 0 : -errno;

    if (rc == 0 && S_ISBLK(status.st_mode)) {
        rc = check_openers(fd, source, claim, failure);
        if (rc == 0)
            rc = extent_whole_disk(status.st_rdev, &own);
    }
    return rc ? rc : check_loops(own, source, claim, failure);
}

int claim_check_host(int fd, const char *source, const struct claim *claim, struct failure *failure)
{
    int rc = claim->shareable ? 0 : check_host(fd, source, claim, failure);

    return rc ? failure_set(failure, FAILURE_OPERATION, rc,
                            "cannot tell whether dom0 uses disk %s", source)
              : 0;
}
