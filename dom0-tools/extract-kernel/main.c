/* SPDX-License-Identifier: MIT */
/*
 * lamina-extract-kernel: makes from a distribution's vmlinuz the ELF file that the hypervisor
 * starts. The output appears complete under its name or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "extract-kernel/kernel_image.h"

enum { EXIT_OK = 0, EXIT_BAD_KERNEL = 1, EXIT_USAGE = 2, EXIT_FILE = 3 };

static const char program[] = "lamina-extract-kernel";

static void print_usage(FILE *stream)
{
    fprintf(stream,
            "Usage: %s VMLINUZ [-o OUT]\n"
            "Writes the uncompressed ELF kernel inside VMLINUZ to OUT (else to standard output).\n"
            "\n"
            "  -o, --output OUT  the file to write; replaced only once it is complete\n"
            "  -h, --help        this text\n"
            "      --version     the version\n",
            program);
}

static int complain(int status, const char *path, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", program, path, why);
    return status;
}

static int write_output(const char *path, const uint8_t *data, size_t size)
{
    int rc = path ? replace_file(path, data, size, 0644) : write_all(STDOUT_FILENO, data, size);

    return rc ? complain(EXIT_FILE, path ? path : "standard output", strerror(-rc)) : EXIT_OK;
}

static int extract(const char *path, const uint8_t *image, size_t size, const char *out)
{
    struct kernel_image_error error;
    uint8_t *elf;
    size_t elf_size;

    if (kernel_image_extract(image, size, &elf, &elf_size, &error))
        return complain(EXIT_BAD_KERNEL, path, error.text);
    int status = write_output(out, elf, elf_size);
    free(elf);
    return status;
}

static int run(const char *path, const char *out)
{
    uint8_t *image;
    size_t size;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return complain(EXIT_FILE, path, strerror(errno));
    int rc = read_whole(fd, KERNEL_IMAGE_MAX, &image, &size);
    close(fd);
    if (rc)
        return complain(EXIT_FILE, path, rc == -EINVAL ? "not a regular file" : strerror(-rc));
    int status = extract(path, image, size, out);
    free(image);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "output", required_argument, NULL, 'o' },
                                             { "help", no_argument, NULL, 'h' },
                                             { "version", no_argument, NULL, 'V' },
                                             { NULL, 0, NULL, 0 } };
    const char *out = NULL;
    int c;

    while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
        switch (c) {
        case 'o':
            out = optarg;
            break;
        case 'h':
            print_usage(stdout);
            return EXIT_OK;
        case 'V':
            printf("%s (Lamina) %s\n", program, LAMINA_VERSION);
            return EXIT_OK;
        default:
            print_usage(stderr);
            return EXIT_USAGE;
        }
    }
    if (optind + 1 != argc) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (!out && isatty(STDOUT_FILENO)) {
        complain(EXIT_USAGE, "standard output", "is a terminal; name a file with -o");
        return EXIT_USAGE;
    }
    return run(argv[optind], out);
}
