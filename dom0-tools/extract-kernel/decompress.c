/* SPDX-License-Identifier: MIT */
/*
 * Decompression: thin, strict wrappers of the four libraries. The output block is allocated by the
 * caller from a claimed size; "exactly full, exactly consumed" is what turns a wrong claim into an
 * error here.
 */
#include "extract-kernel/decompress.h"

#include <errno.h>
#include <lz4.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* Enough for every preset of xz; a header that asks for more is not a kernel's. */
#define XZ_MEMORY_MAX ((uint64_t)256 << 20)

#define LZ4_BLOCK_MAX ((size_t)8 << 20)
#define LZ4_MAGIC_SIZE 4u

static uint32_t read_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int decompress_gzip(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
    z_stream stream = { .next_in = (Bytef *)(uintptr_t)in,
                        .avail_in = (uInt)in_size,
                        .next_out = out,
                        .avail_out = (uInt)out_size };

    if (in_size > UINT32_MAX || out_size > UINT32_MAX)
        return -EINVAL;
    if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK)
        return -ENOMEM;
    int rc = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    if (rc == Z_MEM_ERROR)
        return -ENOMEM;
    return rc == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0 ? 0 : -EINVAL;
}

int decompress_xz(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
    uint64_t memory = XZ_MEMORY_MAX;
    size_t in_pos = 0, out_pos = 0;

    lzma_ret rc = lzma_stream_buffer_decode(&memory, 0, NULL, in, &in_pos, in_size, out, &out_pos,
                                            out_size);
    if (rc == LZMA_MEM_ERROR)
        return -ENOMEM;
    return rc == LZMA_OK && in_pos == in_size && out_pos == out_size ? 0 : -EINVAL;
}

int decompress_zstd(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
    size_t size = ZSTD_decompress(out, out_size, in, in_size);

    return !ZSTD_isError(size) && size == out_size ? 0 : -EINVAL;
}

int decompress_lz4_legacy(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
    size_t in_pos = LZ4_MAGIC_SIZE, out_pos = 0;

    if (in_size < LZ4_MAGIC_SIZE)
        return -EINVAL;
    /* Each turn consumes at least the four bytes of a length, so the input bounds the loop. */
    while (in_pos < in_size) {
        if (in_size - in_pos < sizeof(uint32_t))
            return -EINVAL;
        size_t block = read_le32(in + in_pos);
        in_pos += sizeof(uint32_t);
        size_t room = out_size - out_pos < LZ4_BLOCK_MAX ? out_size - out_pos : LZ4_BLOCK_MAX;
        if (block == 0 || block > in_size - in_pos ||
            block > (size_t)LZ4_compressBound((int)LZ4_BLOCK_MAX))
            return -EINVAL;
        int made = LZ4_decompress_safe((const char *)in + in_pos, (char *)out + out_pos, (int)block,
                                       (int)room);
        if (made < 0)
            return -EINVAL;
        in_pos += block;
        out_pos += (size_t)made;
    }
    return out_pos == out_size ? 0 : -EINVAL;
}

int decompress_none(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
    if (in_size != out_size)
        return -EINVAL;
    memcpy(out, in, in_size);
    return 0;
}
