/* SPDX-License-Identifier: MIT */
/*
 * Device vectors: their allocation, and what happens when one arrives. A vector means the same on
 * all CPUs.
 *
 * Acknowledging is done here, before anyone is told. An edge or a message has ended with the local
 * APIC's end of interrupt; a level-triggered input would fire again at once, so it is masked first
 * and stays so until its owner unmasks it.
 */
#include "public/errno.h"
#include "x86/apic.h"
#include "x86/ioapic.h"
#include "x86/lock.h"
#include "x86/uart.h"
#include "x86/upcall.h"
#include "x86/vector.h"

static struct {
    struct machine_lock lock;
    /* --- under lock --- */
    bool used[256];
    /* --- written while the vector cannot fire --- */
    uint16_t gsi[256]; /* input + 1 of a level-triggered one, 0: edge or message */
} vectors;

int machine_vector_alloc(void)
{
    int found = -XEN_ENOSPC;

    machine_lock_take(&vectors.lock);
    for (int v = VECTOR_DEVICE_FIRST; v <= VECTOR_DEVICE_LAST; v++) {
        if (v != VECTOR_GUEST_INT80 && !vectors.used[v]) {
            vectors.used[v] = true;
            vectors.gsi[v] = 0;
            found = v;
            break;
        }
    }
    machine_lock_drop(&vectors.lock);
    return found;
}

void machine_vector_free(uint8_t vector)
{
    if (vector < VECTOR_DEVICE_FIRST || vector > VECTOR_DEVICE_LAST)
        return;
    machine_lock_take(&vectors.lock);
    vectors.used[vector] = false;
    machine_lock_drop(&vectors.lock);
}

void vector_set_level(uint8_t vector, bool level, unsigned gsi)
{
    WRITE_ONCE(vectors.gsi[vector], level ? (uint16_t)(gsi + 1) : 0);
}

void apic_device_interrupt(uint8_t vector)
{
    uint16_t gsi = READ_ONCE(vectors.gsi[vector]);

    if (gsi)
        ioapic_mask(gsi - 1u);
    apic_eoi();
    if (uart_uses_vector(vector))
        uart_interrupt();
    else
        upcall_interrupt(vector);
}
