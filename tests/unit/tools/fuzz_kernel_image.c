/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer of dom0-tools/extract-kernel/: any bytes may be a kernel image. Builds a setup header
 * round the input half of the time, so that the decompressors see it too.
 */
#include <stdlib.h>
#include <string.h>

#include "extract-kernel/kernel_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_image(const uint8_t *image, size_t size)
{
    struct kernel_image_error error;
    uint8_t *elf;
    size_t elf_size;

    if (kernel_image_extract(image, size, &elf, &elf_size, &error) == 0)
        free(elf);
    else if (memchr(error.text, '\0', sizeof(error.text)) == NULL)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEADER = 2 * 512 };
    uint8_t *image = calloc(1, HEADER + size);

    if (!image)
        return 0;
    image[0x1f1] = 1;
    image[0x1fe] = 0x55;
    image[0x1ff] = 0xaa;
    memcpy(image + 0x202, "HdrS\x0f\x02", 6);
    for (int i = 0; i < 4; i++)
        image[0x24c + i] = (uint8_t)(size >> (8 * i));
    if (size)
        memcpy(image + HEADER, data, size);
    try_image(image, HEADER + size);
    try_image(data, size);
    free(image);
    return 0;
}
