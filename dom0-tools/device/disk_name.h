/* SPDX-License-Identifier: MIT */
/*
 * Disk name: the number that stands for a disk between front and back end, from the name that the
 * guest gives it. A number is one of Linux's device numbers (major << 8 | minor) for xvd, hd and
 * sd, or 1 << 28 | disk << 8 | partition for xvd disks that have none of those.
 */
#ifndef LAMINA_DEVICE_DISK_NAME_H
#define LAMINA_DEVICE_DISK_NAME_H

/*
 * "xvda" is 51712, "xvdb2" 51730. -EINVAL: no such name, or none that has a number: hd goes to
 * hdd and 63 partitions, sd to sdp and 15, xvd to xvdzz and 255.
 */
int disk_name_to_number(const char *name, unsigned *number) __attribute__((warn_unused_result));

#endif
