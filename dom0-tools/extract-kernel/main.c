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
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

static int write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

static int write_temporary(int fd, const uint8_t *data, size_t size)
{
    mode_t mask = umask(0);
    umask(mask);

    int rc = write_all(fd, data, size);
    if (rc == 0 && (fchmod(fd, 0644 & ~mask) != 0 || fsync(fd) != 0))
        rc = -errno;
    if (close(fd) != 0 && rc == 0)
        rc = -errno;
    return rc;
}

static int write_file(const char *path, const uint8_t *data, size_t size)
{
    char *temporary = NULL;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return -ENOMEM;
    int fd = mkstemp(temporary);
    int rc = fd < 0 ? -errno : write_temporary(fd, data, size);
    if (rc == 0 && rename(temporary, path) != 0)
        rc = -errno;
    if (rc != 0 && fd >= 0)
        unlink(temporary);
    free(temporary);
    return rc;
}

static int write_output(const char *path, const uint8_t *data, size_t size)
{
    int rc = path ? write_file(path, data, size) : write_all(STDOUT_FILENO, data, size);

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

/* Reads the whole file, so that nobody can change it between a check and a use. */
static uint8_t *read_whole(int fd, size_t *size)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return NULL;
    if (!S_ISREG(st.st_mode) || st.st_size < 0 || (uint64_t)st.st_size > KERNEL_IMAGE_MAX) {
        errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
        return NULL;
    }
    uint8_t *data = malloc((size_t)st.st_size + 1);
    size_t have = 0;
    while (data && have < (size_t)st.st_size) {
        ssize_t n = read(fd, data + have, (size_t)st.st_size - have);
        if (n < 0 && errno != EINTR) {
            free(data);
            return NULL;
        }
        if (n == 0)
            break;
        have += n > 0 ? (size_t)n : 0;
    }
    *size = have;
    return data;
}

static int run(const char *path, const char *out)
{
    size_t size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return complain(EXIT_FILE, path, strerror(errno));
    uint8_t *image = read_whole(fd, &size);
    int why = errno;
    close(fd);
    if (!image)
        return complain(EXIT_FILE, path, why == EINVAL ? "not a regular file" : strerror(why));
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
