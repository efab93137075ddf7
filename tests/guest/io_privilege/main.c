/* SPDX-License-Identifier: MIT */
/* The virtual I/O privilege level: 0 to 3 and nothing else, and user mode gets ports by it only. */
#include "check.h"
#include "public/physdev.h"

static char user_stack[4096] PAGE;
extern char user_out[];
__asm__(".text\nuser_out: outb %al, $0x80\n\tsyscall\n\tud2\n");

static long level(uint32_t iopl)
{
    struct physdev_set_iopl op = { .iopl = iopl };

    return hypercall_physdev_set_iopl(&op);
}

static long user(void)
{
    const struct iret_context frame = {
        .rip = (uint64_t)user_out,
        .cs = FLAT_USER_CS,
        .rflags = 0x202,
        .rsp = (uint64_t)user_stack + sizeof(user_stack),
        .ss = FLAT_USER_SS,
    };

    return test_iret(&frame);
}

void test_main(void)
{
    struct physdev_set_iobitmap bitmap = { .bitmap = 0xffff830000000000UL, .nr_ports = ~0u };

    NEED(event_init());
    test_user_tables();
    for (uint32_t iopl = 0; iopl < 4; iopl++) {
        CHECK(level(iopl), 0);
        if (iopl < 3 || test_is_dom0()) /* what others find at the port is not told here */
            CHECK(user(), iopl < 3 ? 13 : TRAP_SYSCALL);
    }
    CHECK(level(4), -XEN_EINVAL);
    CHECK(level(~0u), -XEN_EINVAL);
    CHECK(level(0x80000000), -XEN_EINVAL);
    CHECK(hypercall_physdev_set_iobitmap(&bitmap) < 0, 1);
    CHECK(level(0), 0);
    CHECK(user(), 13);
}
