/* SPDX-License-Identifier: MIT */
/*
 * A SYSCALL in the last two bytes below the canonical hole: the address behind it is none that
 * SYSRET may go to. From the kernel, the hypercall is done and #GP(0) is at that address; from user
 * mode, the kernel sees it in the frame and cannot return there either.
 */
#include "check.h"

#define LAST ((char *)0x00007ffffffff000UL)
#define EDGE 0x0000800000000000UL

static uint64_t l3[512] PAGE, l2[512] PAGE, l1[512] PAGE;
static uint8_t code[4096] PAGE;
static char user_stack[4096] PAGE;
extern char user_ud2[];
__asm__(".text\nuser_ud2: ud2\n");

static void map_last(void)
{
    uint64_t *const tables[] = { l3, l2, l1 };
    uint64_t slot = 255 * 8;

    code[4094] = 0x0f;
    code[4095] = 0x05;
    l3[511] = pte_make(virt_to_mfn(l2), 7);
    l2[511] = pte_make(virt_to_mfn(l1), 7);
    l1[511] = pte_make(virt_to_mfn(code), PTE_P | PTE_U | PTE_A);
    for (unsigned i = 0; i < 3; i++)
        NEED(page_remap(tables[i], pte_make(virt_to_mfn(tables[i]), PTE_P | PTE_NX)));
    NEED(pte_write((virt_to_mfn((void *)start_info->pt_base) << PAGE_SHIFT) + slot,
                   pte_make(virt_to_mfn(l3), 7)));
    NEED(pte_write((test_user_root() << PAGE_SHIFT) + slot, pte_make(virt_to_mfn(l3), 7)));
}

static long user(uint64_t rip, uint64_t rflags)
{
    const struct iret_context frame = {
        .rip = rip,
        .cs = FLAT_USER_CS,
        .rflags = rflags,
        .rsp = (uint64_t)user_stack + sizeof(user_stack),
        .ss = FLAT_USER_SS,
    };

    return test_iret(&frame);
}

void test_main(void)
{
    void (*edge)(void *) = (void (*)(void *))(uint64_t)(LAST + 4094);

    NEED(event_init());
    test_user_tables();
    map_last();
    for (unsigned i = 0; i < 20; i++) {
        CHECK(test_catch(edge, NULL), 13); /* RAX is no hypercall's number: -ENOSYS, there */
        CHECK(test_caught.rip, EDGE);
        CHECK(test_caught.error_code, 0);
        CHECK(test_caught.cs & 3, 0);
        CHECK(user((uint64_t)(LAST + 4094), 0x202), TRAP_SYSCALL);
        CHECK(test_caught.rip, EDGE);
        CHECK(user(EDGE, 0x202), 13);
        CHECK(user(EDGE, 0x302), 13);
        CHECK(user(0xffff7fffffffffffUL, 0x202), 13);
        CHECK(user((uint64_t)user_ud2, 0x202), 6);
    }
    CHECK(hypercall_version_pagesize(), 4096);
}
