/* SPDX-License-Identifier: MIT */
/*
 * Decompression of one kernel payload from memory to memory.
 *
 * Each function reads exactly `in_size` bytes and fills exactly `out_size` bytes; input that ends
 * early, goes on after its end, or gives more or less output is an error. They return 0, -EINVAL
 * for bad data or -ENOMEM, and never write outside `out`.
 */
#ifndef LAMINA_TOOLS_DECOMPRESS_H
#define LAMINA_TOOLS_DECOMPRESS_H

#include <stddef.h>
#include <stdint.h>

typedef int decompress_fn(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size);

decompress_fn decompress_gzip;
decompress_fn decompress_xz;
decompress_fn decompress_zstd;

/* The legacy frame: a magic number, then blocks of at most 8 MiB, each behind its 32-bit length. */
decompress_fn decompress_lz4_legacy;

/* No compression: a copy. */
decompress_fn decompress_none;

#endif
