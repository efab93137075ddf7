/* SPDX-License-Identifier: MIT */
/*
 * Dumped: reads a core file as a debugger does. Usage: dumped FILE NR_VCPUS TEXT. Exits with 0 when
 * the file has registers of that many vCPUs, one of which is in a Linux kernel's text, and TEXT
 * stands in a page of its memory.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <unistd.h>

#define KERNEL_TEXT UINT64_C(0xffffffff80000000)
#define ALIGN       4u /* of what is in a note */

static const uint8_t *file;
static size_t size;
static unsigned nr_vcpus, nr_in_kernel;
static uint64_t nr_bytes;

static void fail(const char *why)
{
    printf("dumped: %s\n", why);
    exit(1);
}

static const void *at(uint64_t offset, uint64_t bytes)
{
    if (offset > size || bytes > size - offset)
        fail("the file ends too early");
    return file + offset;
}

static void take_status(const struct elf_prstatus *status)
{
    struct user_regs_struct registers;

    memcpy(&registers, &status->pr_reg, sizeof(registers));
    printf("vCPU %u: rip %llx, rsp %llx\n", nr_vcpus++, registers.rip, registers.rsp);
    nr_in_kernel += registers.rip >= KERNEL_TEXT;
}

static uint64_t aligned(uint64_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static void take_notes(const Elf64_Phdr *header)
{
    uint64_t offset = header->p_offset, end = offset + header->p_filesz;

    while (offset < end) {
        const Elf64_Nhdr *note = at(offset, sizeof(*note));
        uint64_t name = offset + sizeof(*note), body = name + aligned(note->n_namesz);

        if (note->n_type == NT_PRSTATUS && note->n_namesz == sizeof("CORE") &&
            memcmp(at(name, note->n_namesz), "CORE", sizeof("CORE")) == 0)
            take_status(at(body, sizeof(struct elf_prstatus)));
        offset = body + aligned(note->n_descsz);
    }
}

static bool has_text(const Elf64_Phdr *header, const char *text)
{
    nr_bytes += header->p_filesz;
    return memmem(at(header->p_offset, header->p_filesz), header->p_filesz, text, strlen(text));
}

int main(int argc, char **argv)
{
    struct stat about;
    bool found = false;
    int fd = argc == 4 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0 || fstat(fd, &about) != 0)
        fail("usage: dumped FILE NR_VCPUS TEXT");
    size = (size_t)about.st_size;
    file = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file == MAP_FAILED)
        fail("the file cannot be mapped");
    const Elf64_Ehdr *elf = at(0, sizeof(*elf));
    if (memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 || elf->e_type != ET_CORE)
        fail("not a core file");
    for (unsigned i = 0; i < elf->e_phnum; i++) {
        const Elf64_Phdr *header = at(elf->e_phoff + i * sizeof(*header), sizeof(*header));

        if (header->p_type == PT_NOTE)
            take_notes(header);
        else if (header->p_type == PT_LOAD)
            found |= has_text(header, argv[3]);
    }
    printf("%llu bytes of memory, \"%s\" %s\n", (unsigned long long)nr_bytes, argv[3],
           found ? "is there" : "is not there");
    return found && nr_in_kernel > 0 && nr_vcpus == (unsigned)atoi(argv[2]) ? 0 : 1;
}
