/* SPDX-License-Identifier: MIT */
/*
 * The builder when memory runs out: each allocation of building a domain fails in turn, in the
 * child that fills its memory too, with an empty, a filled and a damaged kernel cache. It is an
 * error that says why, nothing stays open or mapped, no process is left and no half of a file in
 * the cache; or the domain is, byte for byte, what it is with all the memory there is.
 *
 * The hypervisor is this file: frames in memory that the child shares.
 */
#include "../memory.h"
#include "../suite.h"

#include <check.h>
#include <fcntl.h>
#include <sha2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../descriptors.h"
#include "../transport.h"
#include "builder/builder.h"
#include "elf_image.h"
#include "lib/pv_start.h"
#include "public/elfnote.h"

#define NR_FRAMES  2060u /* four large extents, and single frames */
#define FIRST_MFN  1000u
#define NR_MACHINE (NR_FRAMES + 2)
#define SHARED_MFN (FIRST_MFN + NR_FRAMES)
#define GRANTS_MFN (SHARED_MFN + 1)
#define ELF_BYTES  (40 * IMAGE_FIRST)

static char top[64], kernel_path[80], initrd_path[80];
static struct failure failure;

/* ---- the hypervisor ---- */

static struct machine {
    int nr_open, nr_views; /* what has to be given back */
    unsigned nr_given;     /* frames */
    bool is_pinned;
    struct vcpu_guest_context context;
} * machine; /* shared with the child */

static int frames; /* file of all machine frames */

int host_open(void)
{
    machine->nr_open++;
    return 0;
}

void host_close(void)
{
    machine->nr_open--;
}

static void *map(const uint64_t *mfns, size_t nr)
{
    uint8_t *at =
        __real_mmap64(NULL, nr * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (size_t i = 0; i < nr; i++)
        if (mfns[i] < FIRST_MFN || mfns[i] >= FIRST_MFN + NR_MACHINE ||
            __real_mmap64(at + i * PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_FIXED, frames,
                          (off_t)((mfns[i] - FIRST_MFN) * PAGE_SIZE)) == MAP_FAILED)
            _exit(9);
    return at;
}

int host_frames_map(domid_t domain, const uint64_t *mfns, size_t nr, int prot, int *errors,
                    void **address)
{
    (void)domain;
    (void)prot;
    (void)errors;
    if (memory_fails())
        return -ENOMEM;
    *address = map(mfns, nr);
    machine->nr_views++;
    return 0;
}

int host_resource_map(domid_t domain, uint32_t type, uint32_t id, uint64_t frame, size_t nr,
                      void **address)
{
    const uint64_t mfn = GRANTS_MFN + frame;

    (void)type;
    (void)id;
    return host_frames_map(domain, &mfn, nr, PROT_READ | PROT_WRITE, NULL, address);
}

void host_unmap(void *address, size_t nr_frames)
{
    if (!address)
        return;
    munmap(address, nr_frames * PAGE_SIZE);
    machine->nr_views--;
}

static long populate(const struct xen_memory_reservation *op)
{
    uint64_t *extents = (uint64_t *)(uintptr_t)op->extent_start;

    for (uint64_t i = 0; i < op->nr_extents; i++) {
        extents[i] = FIRST_MFN + machine->nr_given;
        machine->nr_given += 1u << op->extent_order;
    }
    return (long)op->nr_extents;
}

static long domctl(struct xen_domctl *op)
{
    const struct vcpu_guest_context *context = (const void *)(uintptr_t)op->u.vcpucontext.ctxt;

    if (op->cmd == XEN_DOMCTL_getdomaininfo)
        op->u.getdomaininfo.shared_info_frame = SHARED_MFN;
    else if (op->cmd == XEN_DOMCTL_setvcpucontext)
        machine->context = *context;
    return 0;
}

long host_hypercall(unsigned long nr, unsigned long a0, unsigned long a1, unsigned long a2,
                    unsigned long a3, unsigned long a4)
{
    (void)a2;
    (void)a3;
    (void)a4;
    if (nr == __HYPERVISOR_memory_op)
        return a0 == XENMEM_populate_physmap ? populate((const void *)a1) : 0;
    if (nr == __HYPERVISOR_domctl)
        return domctl((void *)a0);
    if (nr == __HYPERVISOR_mmuext_op)
        machine->is_pinned = true;
    return 0;
}

/* ---- files ---- */

static void write_file(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    close(fd);
}

static void write_kernel(void)
{
    static uint8_t image[ELF_BYTES];
    struct elf_maker maker;

    image_begin(&maker, image, 0x1000);
    image_note(&maker, XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
    image_number(&maker, XEN_ELFNOTE_VIRT_BASE, UINT64_C(0xffffffff80000000));
    image_number(&maker, XEN_ELFNOTE_ENTRY, UINT64_C(0xffffffff80100000));
    image_number(&maker, XEN_ELFNOTE_HYPERCALL_PAGE, UINT64_C(0xffffffff80101000));
    image_load(&maker, IMAGE_FIRST, 1 << 20, sizeof(image) - IMAGE_FIRST, sizeof(image));
    for (size_t i = IMAGE_FIRST; i < sizeof(image); i++)
        image[i] = (uint8_t)(i * 7 >> 3);
    memset(image + 8 * IMAGE_FIRST, 0, 20 * IMAGE_FIRST); /* a hole */
    write_file(kernel_path, image, sizeof(image));
    write_file(initrd_path, image, 5000);
}

/* Calls visit for the files of the cache; how many they are. */
static unsigned each_cached(void (*visit)(int folder, const char *name))
{
    DIR *folder = opendir(BUILDER_CACHE);
    unsigned nr = 0;

    for (struct dirent *e; folder && (e = readdir(folder)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        ck_assert_msg(strncmp(e->d_name, "new.", 4) != 0, "%s was left", e->d_name);
        visit(dirfd(folder), e->d_name);
        nr++;
    }
    if (folder)
        closedir(folder);
    return nr;
}

static void look(int folder, const char *name)
{
    (void)folder;
    (void)name;
}

static void take_away(int folder, const char *name)
{
    ck_assert_int_eq(unlinkat(folder, name, 0), 0);
}

/* What only the seal of a content can tell: its time is another one. */
static void touch(int folder, const char *name)
{
    if (strstr(name, ".elf"))
        ck_assert_int_eq(utimensat(folder, name, (struct timespec[2]){ { 1, 0 }, { 1, 0 } }, 0), 0);
}

/* ---- building ---- */

static void begin_machine(void)
{
    *machine = (struct machine){ 0 };
    ck_assert_int_eq(ftruncate(frames, 0), 0);
    ck_assert_int_eq(ftruncate(frames, NR_MACHINE * (off_t)PAGE_SIZE), 0);
    failure = (struct failure){ .kind = FAILURE_NONE };
}

static int build(void)
{
    const struct build_request request = { .domain = 3,
                                           .kernel = kernel_path,
                                           .initrd = initrd_path,
                                           .cmdline = "quiet",
                                           .memory_kib = NR_FRAMES * 4,
                                           .memory_max_kib = NR_FRAMES * 4,
                                           .nr_vcpus = 1,
                                           .store_port = 5,
                                           .console_port = 6 };
    struct build_result result = { 0, 0 };
    int rc = build_domain(&request, &result, &failure);

    return rc == 0 && (!result.store_mfn || !result.console_mfn) ? -EIO : rc;
}

static int check(void)
{
    return build_check(kernel_path, initrd_path, NR_FRAMES * 4, &failure);
}

/* All that a domain is, as a hash. */
static void describe(char hash[SHA256_DIGEST_STRING_LENGTH])
{
    uint8_t *all = mmap(NULL, NR_MACHINE * PAGE_SIZE, PROT_READ, MAP_SHARED, frames, 0);
    SHA2_CTX sum;

    ck_assert_ptr_ne(all, MAP_FAILED);
    SHA256Init(&sum);
    SHA256Update(&sum, all, NR_MACHINE * PAGE_SIZE);
    SHA256Update(&sum, (uint8_t *)&machine->context, sizeof(machine->context));
    SHA256Update(&sum, (uint8_t *)&machine->is_pinned, sizeof(machine->is_pinned));
    SHA256End(&sum, hash);
    munmap(all, NR_MACHINE * PAGE_SIZE);
}

static void prepare_nothing(void) {}

static void empty_cache(void)
{
    (void)each_cached(take_away);
}

static void damage_cache(void)
{
    (void)each_cached(touch);
}

static const struct {
    void (*prepare)(void);
    int (*act)(void);
} rounds[] = {
    { empty_cache, build },
    { prepare_nothing, build },
    { damage_cache, build },
    { empty_cache, check },
};

START_TEST(each_allocation)
{
    char whole[SHA256_DIGEST_STRING_LENGTH], is[SHA256_DIGEST_STRING_LENGTH];
    unsigned at = 0, nr_refused = 0;
    bool failed = true;

    for (; failed; at++) {
        rounds[_i].prepare();
        begin_machine();
        unsigned before = nr_descriptors();
        memory_fail(at); /* none for a start */
        int rc = rounds[_i].act();
        failed = memory_failed() || at == 0;
        ck_assert_msg((at != 0 && failed) || rc == 0, "%d: %s", rc, failure.text);
        ck_assert_msg(rc == 0 || failure.kind != FAILURE_NONE, "allocation %u: %d", at, rc);
        describe(at == 0 ? whole : is);
        if (rc == 0 && at > 0)
            ck_assert_msg(strcmp(whole, is) == 0, "allocation %u makes another domain", at);
        ck_assert_uint_eq(nr_descriptors(), before);
        ck_assert_int_eq(machine->nr_open, 0);
        ck_assert_int_le(machine->nr_views, 1); /* the child's of content ends with it */
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
        (void)each_cached(look);
        nr_refused += rc != 0;
    }
    ck_assert_uint_gt(nr_refused, 3);
}
END_TEST

static void set_up(void)
{
    strcpy(top, "/tmp/lamina-builder.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
    snprintf(kernel_path, sizeof(kernel_path), "%s/vmlinuz", top);
    snprintf(initrd_path, sizeof(initrd_path), "%s/initrd", top);
    write_kernel();
    empty_cache();
    machine =
        mmap(NULL, sizeof(*machine), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    frames = memfd_create("frames", MFD_CLOEXEC);
    ck_assert_int_ge(frames, 0);
}

static void tear_down(void)
{
    unlink(kernel_path);
    unlink(initrd_path);
    ck_assert_int_eq(rmdir(top), 0);
    close(frames);
}

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *tests = tcase_create("memory");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, each_allocation, 0, sizeof(rounds) / sizeof(rounds[0]));
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
