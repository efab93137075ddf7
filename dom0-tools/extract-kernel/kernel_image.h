/* SPDX-License-Identifier: MIT */
/*
 * Kernel image: what a distribution installs as vmlinuz, and the ELF file inside it.
 *
 * The image may come from anybody, so every length in it is a claim: it is checked against the
 * file before it is used, against KERNEL_IMAGE_MAX before memory is taken, and against what the
 * decompressor really gives.
 */
#ifndef LAMINA_TOOLS_KERNEL_IMAGE_H
#define LAMINA_TOOLS_KERNEL_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/* The largest kernel taken, before and after decompression. Debian's generic one has 60 MiB. */
#define KERNEL_IMAGE_MAX ((size_t)256 << 20)

/* Why an image was refused: one line without a full stop, for people. */
struct kernel_image_error {
    char text[160];
};

/*
 * Finds the kernel in the image of `size` bytes at `image`: a bzImage whose payload is gzip, xz,
 * zstd, lz4 (legacy frames, as the kernel's build makes them) or plain, or an ELF file itself.
 *
 * On success returns 0; *elf is a new block (release with free()) of *elf_size bytes that starts
 * with the header of a 64-bit x86 ELF file. What follows the header is not looked at.
 * Otherwise leaves both alone, writes *error and returns
 *   -EINVAL  no kernel image, or one that contradicts itself
 *   -ENOTSUP a kernel, of a kind that is not taken (32-bit, another compression, too old)
 *   -EFBIG   larger than KERNEL_IMAGE_MAX
 *   -ENOMEM  no memory
 */
int kernel_image_extract(const uint8_t *image, size_t size, uint8_t **elf, size_t *elf_size,
                         struct kernel_image_error *error) __attribute__((warn_unused_result));

#endif
