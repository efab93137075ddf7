/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/extract-kernel/kernel_image.c: images of each format are made here, taken
 * apart again, cut at every byte, and given wrong lengths. Run under ASan and UBSan.
 */
#include "../suite.h"

#include "extract-kernel/kernel_image.h"

#include <check.h>
#include <elf.h>
#include <errno.h>
#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum {
    KERNEL_SIZE = 40000,
    IMAGE_ROOM = 65536,
    SETUP_SECTORS = 2,
    PAYLOAD_OFFSET = 32,
    PAYLOAD_AT = (SETUP_SECTORS + 1) * 512 + PAYLOAD_OFFSET,
};

typedef size_t pack_fn(const uint8_t *in, size_t size, uint8_t *out, size_t room);

static void put_le32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

static size_t pack_gzip(const uint8_t *in, size_t size, uint8_t *out, size_t room)
{
    z_stream stream = { .next_in = (Bytef *)(uintptr_t)in,
                        .avail_in = (uInt)size,
                        .next_out = out,
                        .avail_out = (uInt)room };

    ck_assert_int_eq(
        deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}

static size_t append_length(uint8_t *out, size_t size, size_t length)
{
    put_le32(out + size, (uint32_t)length);
    return size + 4;
}

static size_t pack_xz(const uint8_t *in, size_t size, uint8_t *out, size_t room)
{
    size_t pos = 0;

    ck_assert_int_eq(
        lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, in, size, out, &pos, room - 4), LZMA_OK);
    return append_length(out, pos, size);
}

static size_t pack_zstd(const uint8_t *in, size_t size, uint8_t *out, size_t room)
{
    size_t made = ZSTD_compress(out, room - 4, in, size, 3);

    ck_assert(!ZSTD_isError(made));
    return append_length(out, made, size);
}

/* Two blocks, as a kernel larger than 8 MiB has. */
static size_t pack_lz4(const uint8_t *in, size_t size, uint8_t *out, size_t room)
{
    size_t half = size / 2, pos = 4;

    put_le32(out, 0x184c2102);
    for (int block = 0; block < 2; block++) {
        size_t part = block ? size - half : half;
        int made = LZ4_compress_default((const char *)in + (block ? half : 0),
                                        (char *)out + pos + 4, (int)part, (int)(room - pos - 8));
        ck_assert_int_gt(made, 0);
        put_le32(out + pos, (uint32_t)made);
        pos += 4 + (size_t)made;
    }
    return append_length(out, pos, size);
}

static size_t pack_none(const uint8_t *in, size_t size, uint8_t *out, size_t room)
{
    ck_assert_uint_le(size, room);
    memcpy(out, in, size);
    return size;
}

static const struct {
    const char *name;
    pack_fn *pack;
} formats[] = {
    { "gzip", pack_gzip }, { "xz", pack_xz },     { "zstd", pack_zstd },
    { "lz4", pack_lz4 },   { "none", pack_none },
};
enum { NR_FORMATS = sizeof(formats) / sizeof(formats[0]) };

static uint8_t kernel[KERNEL_SIZE];
static uint8_t image[IMAGE_ROOM];
static size_t image_size;
static struct kernel_image_error error;

/* A kernel that compresses somewhat: noise from a fixed generator between runs of zeros. */
static void make_kernel(void)
{
    uint32_t state = 1;

    for (size_t i = 0; i < KERNEL_SIZE; i++) {
        state = state * 1664525 + 1013904223;
        kernel[i] = (i / 64) % 16 ? 0 : (uint8_t)(state >> 24);
    }
    Elf64_Ehdr header = { .e_machine = EM_X86_64, .e_type = ET_EXEC };
    memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    memcpy(kernel, &header, sizeof(header));
}

static void make_image(int format)
{
    make_kernel();
    memset(image, 0, sizeof(image));
    size_t length =
        formats[format].pack(kernel, KERNEL_SIZE, image + PAYLOAD_AT, IMAGE_ROOM - PAYLOAD_AT);
    image[0x1f1] = SETUP_SECTORS;
    image[0x1fe] = 0x55;
    image[0x1ff] = 0xaa;
    memcpy(image + 0x202, "HdrS", 4);
    image[0x206] = 0x0f;
    image[0x207] = 0x02;
    put_le32(image + 0x248, PAYLOAD_OFFSET);
    put_le32(image + 0x24c, (uint32_t)length);
    image_size = PAYLOAD_AT + length;
}

/* Extracts from a block of exactly `size` bytes, so that ASan sees a read past its end. */
static int extract(size_t size)
{
    uint8_t *copy = malloc(size ? size : 1), *elf = NULL;
    size_t elf_size = 0;

    memset(&error, 0, sizeof(error));
    memcpy(copy, image, size);
    int rc = kernel_image_extract(copy, size, &elf, &elf_size, &error);
    if (rc == 0) {
        ck_assert_uint_eq(elf_size, KERNEL_SIZE);
        ck_assert_mem_eq(elf, kernel, KERNEL_SIZE);
    } else {
        ck_assert_ptr_null(elf);
        ck_assert_uint_gt(strlen(error.text), 0);
        ck_assert_ptr_null(strchr(error.text, '\n'));
    }
    free(elf);
    free(copy);
    return rc;
}

START_TEST(good_image_gives_the_kernel)
{
    make_image(_i);
    ck_assert_int_eq(extract(image_size), 0);
}
END_TEST

START_TEST(bytes_after_the_payload_are_ignored)
{
    make_image(_i);
    ck_assert_int_eq(extract(image_size + 1000), 0);
}
END_TEST

START_TEST(truncation_is_refused_at_every_byte)
{
    make_image(_i);
    for (size_t size = 0; size < image_size; size++)
        ck_assert_int_eq(extract(size), -EINVAL);
}
END_TEST

START_TEST(wrong_uncompressed_length_is_refused)
{
    static const uint32_t lies[] = { 0, 1, KERNEL_SIZE - 1, KERNEL_SIZE + 1, KERNEL_SIZE * 2,
                                     (uint32_t)KERNEL_IMAGE_MAX };

    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        make_image(_i);
        put_le32(image + image_size - 4, lies[i]);
        ck_assert_int_eq(extract(image_size), -EINVAL);
    }
    make_image(_i);
    put_le32(image + image_size - 4, (uint32_t)KERNEL_IMAGE_MAX + 1);
    ck_assert_int_eq(extract(image_size), -EFBIG);
    put_le32(image + image_size - 4, UINT32_MAX);
    ck_assert_int_eq(extract(image_size), -EFBIG);
}
END_TEST

START_TEST(wrong_payload_place_is_refused)
{
    static const uint32_t lies[] = { 1, 0x1000000, INT32_MAX, (uint32_t)INT32_MAX + 1,
                                     UINT32_MAX };

    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        make_image(_i);
        put_le32(image + 0x248, lies[i]);
        ck_assert_int_eq(extract(image_size), -EINVAL);
        make_image(_i);
        put_le32(image + 0x24c, lies[i]);
        ck_assert_int_eq(extract(image_size), -EINVAL);
    }
    make_image(_i);
    image[0x1f1] = 0xff;
    ck_assert_int_eq(extract(image_size), -EINVAL);
}
END_TEST

START_TEST(length_zero_payload_is_refused)
{
    make_image(_i);
    for (uint32_t length = 0; length <= 8; length++) {
        put_le32(image + 0x24c, length);
        ck_assert_int_ne(extract(image_size), 0);
    }
}
END_TEST

/* Flips a bit in each byte of the payload: an error, or (where no checksum sees it) a kernel. */
START_TEST(damage_never_reaches_memory)
{
    make_image(_i);
    for (size_t at = PAYLOAD_AT; at < image_size; at += 7) {
        uint8_t *elf = NULL;
        size_t size = 0;

        image[at] ^= (uint8_t)(1 << (at % 8));
        if (kernel_image_extract(image, image_size, &elf, &size, &error) == 0)
            ck_assert_uint_le(size, KERNEL_IMAGE_MAX);
        free(elf);
        image[at] ^= (uint8_t)(1 << (at % 8));
    }
    ck_assert_int_eq(extract(image_size), 0);
}
END_TEST

START_TEST(lz4_block_lengths_are_checked)
{
    static const uint32_t lies[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };

    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        make_image(3);
        put_le32(image + PAYLOAD_AT + 4, lies[i]);
        ck_assert_int_eq(extract(image_size), -EINVAL);
    }
}
END_TEST

START_TEST(elf_file_is_taken_as_it_is)
{
    make_kernel();
    memcpy(image, kernel, KERNEL_SIZE);
    ck_assert_int_eq(extract(KERNEL_SIZE), 0);
    for (size_t size = 0; size < sizeof(Elf64_Ehdr); size++)
        ck_assert_int_eq(extract(size), -EINVAL);
}
END_TEST

START_TEST(other_machines_are_refused)
{
    make_kernel();
    memcpy(image, kernel, KERNEL_SIZE);
    image[EI_CLASS] = ELFCLASS32;
    ck_assert_int_eq(extract(KERNEL_SIZE), -ENOTSUP);
    ck_assert_ptr_nonnull(strstr(error.text, "64-bit"));
}
END_TEST

START_TEST(other_compressions_are_named)
{
    make_image(0);
    memcpy(image + PAYLOAD_AT, "BZh9", 4);
    ck_assert_int_eq(extract(image_size), -ENOTSUP);
    ck_assert_ptr_nonnull(strstr(error.text, "bzip2"));
    memcpy(image + PAYLOAD_AT, "????", 4);
    ck_assert_int_eq(extract(image_size), -EINVAL);
}
END_TEST

START_TEST(old_protocol_is_refused)
{
    make_image(0);
    image[0x206] = 0x07;
    ck_assert_int_eq(extract(image_size), -ENOTSUP);
}
END_TEST

START_TEST(huge_file_is_refused_unread)
{
    uint8_t *elf = NULL;
    size_t size = 0;

    ck_assert_int_eq(kernel_image_extract(image, KERNEL_IMAGE_MAX + 1, &elf, &size, &error),
                     -EFBIG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools/kernel_image");
    TCase *each = tcase_create("each format"), *once = tcase_create("once");

    tcase_set_timeout(each, 120);
    tcase_add_loop_test(each, good_image_gives_the_kernel, 0, NR_FORMATS);
    tcase_add_loop_test(each, bytes_after_the_payload_are_ignored, 0, NR_FORMATS);
    tcase_add_loop_test(each, truncation_is_refused_at_every_byte, 0, NR_FORMATS);
    tcase_add_loop_test(each, wrong_uncompressed_length_is_refused, 0, NR_FORMATS - 1);
    tcase_add_loop_test(each, wrong_payload_place_is_refused, 0, NR_FORMATS);
    tcase_add_loop_test(each, length_zero_payload_is_refused, 0, NR_FORMATS);
    tcase_add_loop_test(each, damage_never_reaches_memory, 0, NR_FORMATS);
    tcase_add_test(once, lz4_block_lengths_are_checked);
    tcase_add_test(once, elf_file_is_taken_as_it_is);
    tcase_add_test(once, other_machines_are_refused);
    tcase_add_test(once, other_compressions_are_named);
    tcase_add_test(once, old_protocol_is_refused);
    tcase_add_test(once, huge_file_is_refused_unread);
    suite_add_tcase(suite, each);
    suite_add_tcase(suite, once);

    return suite_run(suite);
}
