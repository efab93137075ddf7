/* SPDX-License-Identifier: MIT */
/*
 * Kernel image: finds the payload of a bzImage by its setup header (the x86 boot protocol, 2.08 and
 * later), recognises the compression by its magic bytes, and gives the ELF file inside.
 *
 * The kernel's build puts the uncompressed length into the last four bytes of the payload (for gzip
 * they are part of the format). That length decides how much memory is taken; the decompressor then
 * has to fill it exactly.
 */
#include "extract-kernel/kernel_image.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "extract-kernel/decompress.h"

/* Offsets of the x86 boot protocol's setup header. */
enum {
    SETUP_SECTS = 0x1f1,
    SETUP_BOOT_FLAG = 0x1fe,
    SETUP_MAGIC = 0x202,
    SETUP_VERSION = 0x206,
    SETUP_PAYLOAD_OFFSET = 0x248,
    SETUP_PAYLOAD_LENGTH = 0x24c,
    SETUP_END = 0x250,
};

#define SECTOR_SIZE 512u
#define SETUP_SECTS_DEFAULT 4u
#define BOOT_FLAG 0xaa55u
#define VERSION_WITH_PAYLOAD 0x0208u
#define TRAILER_SIZE 4u

struct bytes {
    const uint8_t *data;
    size_t size;
};

struct format {
    const char *name;
    uint8_t magic[6];
    size_t magic_size;
    decompress_fn *decompress; /* NULL: known by name only */
    size_t trailer;            /* bytes of length that follow the compressed data proper */
};

static const struct format formats[] = {
    { "gzip", { 0x1f, 0x8b }, 2, decompress_gzip, 0 },
    { "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, decompress_xz, TRAILER_SIZE },
    { "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, decompress_zstd, TRAILER_SIZE },
    { "lz4", { 0x02, 0x21, 0x4c, 0x18 }, 4, decompress_lz4_legacy, TRAILER_SIZE },
    { "none", { 0x7f, 'E', 'L', 'F' }, 4, decompress_none, 0 },
    { "bzip2", { 'B', 'Z', 'h' }, 3, NULL, 0 },
    { "lzma", { 0x5d, 0, 0 }, 3, NULL, 0 },
    { "lzo", { 0x89, 'L', 'Z', 'O' }, 4, NULL, 0 },
};

static uint32_t read_le16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t read_le32(const uint8_t *p)
{
    return read_le16(p) | read_le16(p + 2) << 16;
}

__attribute__((format(printf, 3, 4))) static int refuse(struct kernel_image_error *error, int rc,
                                                        const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return rc;
}

static const struct format *format_find(struct bytes payload)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (payload.size >= formats[i].magic_size &&
            memcmp(payload.data, formats[i].magic, formats[i].magic_size) == 0)
            return &formats[i];
    return NULL;
}

static int is_elf(struct bytes file)
{
    return file.size >= SELFMAG && memcmp(file.data, ELFMAG, SELFMAG) == 0;
}

static int is_bzimage(struct bytes file)
{
    return file.size >= SETUP_END && read_le16(file.data + SETUP_BOOT_FLAG) == BOOT_FLAG &&
           memcmp(file.data + SETUP_MAGIC, "HdrS", 4) == 0;
}

/* Finds the payload of a bzImage; it lies wholly in the file. */
static int payload_find(struct bytes file, struct bytes *payload, struct kernel_image_error *error)
{
    uint32_t version = read_le16(file.data + SETUP_VERSION);
    uint32_t sectors = file.data[SETUP_SECTS] ? file.data[SETUP_SECTS] : SETUP_SECTS_DEFAULT;
    uint64_t offset = read_le32(file.data + SETUP_PAYLOAD_OFFSET);
    uint64_t length = read_le32(file.data + SETUP_PAYLOAD_LENGTH);

    if (version < VERSION_WITH_PAYLOAD)
        return refuse(error, -ENOTSUP,
                      "boot protocol %u.%02u; 2.08 or later is needed to find the kernel",
                      version >> 8, version & 0xff);
    offset += (uint64_t)(sectors + 1) * SECTOR_SIZE;
    if (offset > file.size || length > file.size - offset)
        return refuse(error, -EINVAL,
                      "truncated: the payload ends at byte %llu, the file has %zu bytes",
                      (unsigned long long)offset + length, file.size);
    if (length <= TRAILER_SIZE)
        return refuse(error, -EINVAL, "the payload is empty");
    *payload = (struct bytes){ file.data + offset, (size_t)length };
    return 0;
}

static int elf_check(struct bytes elf, struct kernel_image_error *error)
{
    Elf64_Ehdr header;

    if (elf.size < sizeof(header) || !is_elf(elf))
        return refuse(error, -EINVAL, "what is inside is no ELF file");
    memcpy(&header, elf.data, sizeof(header));
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != EM_X86_64)
        return refuse(error, -ENOTSUP, "not a kernel for 64-bit x86");
    return 0;
}

/* Decompresses `payload` into a new block. */
static int payload_unpack(struct bytes payload, struct bytes *elf, struct kernel_image_error *error)
{
    const struct format *format = format_find(payload);

    if (!format)
        return refuse(error, -EINVAL, "the payload has no known compression");
    if (!format->decompress)
        return refuse(error, -ENOTSUP, "compressed with %s; gzip, xz, zstd and lz4 are supported",
                      format->name);
    size_t size = format->decompress == decompress_none
                      ? payload.size
                      : read_le32(payload.data + payload.size - TRAILER_SIZE);
    if (size > KERNEL_IMAGE_MAX)
        return refuse(error, -EFBIG, "claims %zu MiB uncompressed, more than the limit of %zu MiB",
                      size >> 20, KERNEL_IMAGE_MAX >> 20);
    uint8_t *block = malloc(size ? size : 1);
    if (!block)
        return refuse(error, -ENOMEM, "no memory for %zu bytes", size);
    int rc = format->decompress(payload.data, payload.size - format->trailer, block, size);
    if (rc) {
        free(block);
        return refuse(error, rc, rc == -ENOMEM ? "no memory to decompress the %s data"
                                               : "the %s data is damaged or its length is wrong",
                      format->name);
    }
    *elf = (struct bytes){ block, size };
    return 0;
}

int kernel_image_extract(const uint8_t *image, size_t size, uint8_t **elf, size_t *elf_size,
                         struct kernel_image_error *error)
{
    struct bytes file = { image, size }, payload = file, result = { NULL, 0 };
    int rc;

    if (size > KERNEL_IMAGE_MAX)
        return refuse(error, -EFBIG, "%zu MiB, more than the limit of %zu MiB", size >> 20,
                      KERNEL_IMAGE_MAX >> 20);
    if (!is_elf(file)) {
        if (!is_bzimage(file))
            return refuse(error, -EINVAL, "neither a bzImage nor an ELF file");
        rc = payload_find(file, &payload, error);
        if (rc)
            return rc;
    }
    rc = payload_unpack(payload, &result, error);
    if (rc)
        return rc;
    rc = elf_check(result, error);
    if (rc) {
        free((uint8_t *)(uintptr_t)result.data);
        return rc;
    }
    *elf = (uint8_t *)(uintptr_t)result.data;
    *elf_size = result.size;
    return 0;
}
