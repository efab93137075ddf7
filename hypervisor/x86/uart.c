/* SPDX-License-Identifier: MIT */
/*
 * The 16550 serial port of the console. Output polls the transmitter, which works from the first
 * line of boot to a panic; nothing is queued. Each wait is bounded: a line that has made no
 * progress for about a second counts as stuck, and costs one look a byte until it moves again, so
 * that a terminal that is not read cannot hold up the machine. Input comes by interrupt.
 *
 * Output has no lock of its own: the log's serialises lines, and a panic must get through.
 */
#include "x86/uart.h"
#include "x86/firmware.h"
#include "x86/machine.h"
#include "x86/port.h"
#include "x86/upcall.h"

/* Registers, by offset from the first port. */
#define UART_DATA         0
#define UART_INTERRUPTS   1 /* enable; with DLAB the divisor's high byte */
#define UART_FIFO         2 /* write */
#define UART_IDENTITY     2 /* read */
#define UART_LINE         3
#define UART_MODEM        4
#define UART_LINE_STATUS  5
#define UART_MODEM_STATUS 6
#define UART_SCRATCH      7

#define INTERRUPT_RECEIVE  0x01
#define LINE_8N1           0x03
#define LINE_DLAB          0x80
#define FIFO_ENABLE_CLEAR  0x07 /* interrupt from the first byte on */
#define IDENTITY_NONE      0x01 /* no interrupt pending */
#define IDENTITY_FIFO      0xc0
#define MODEM_DTR_RTS_OUT2 0x0b /* OUT2 gates the interrupt line on a PC */
#define STATUS_DATA        0x01
#define STATUS_EMPTY       0x20

#define UART_CLOCK  115200
#define FIFO_BYTES  16
#define POLLS_MAX   1000000 /* about a second: a port access takes a microsecond */
#define RECEIVE_MAX 256     /* bytes taken by one interrupt */

static struct {
    uint16_t port; /* 0: none */
    uint8_t burst; /* bytes that fit once the transmitter is empty */
    bool stuck;
    bool receives;
    unsigned gsi;
    bool level;
    uint8_t vector;
} uart;

static uint8_t uart_in(unsigned reg)
{
    return port_in8((uint16_t)(uart.port + reg));
}

static void uart_out(unsigned reg, uint8_t value)
{
    port_out8((uint16_t)(uart.port + reg), value);
}

/* An absent port floats high and its scratch register forgets. */
static bool uart_present(void)
{
    uart_out(UART_SCRATCH, 0x5a);
    if (uart_in(UART_SCRATCH) != 0x5a)
        return false;
    uart_out(UART_SCRATCH, 0xa5);
    return uart_in(UART_SCRATCH) == 0xa5;
}

void machine_console_init(uint16_t port, unsigned baud)
{
    uart.port = port;
    if (!port || !uart_present()) {
        uart.port = 0;
        return;
    }
    uart_out(UART_INTERRUPTS, 0);
    if (baud > 0 && baud <= UART_CLOCK) { /* 0: as the firmware left it */
        unsigned divisor = UART_CLOCK / baud;

        uart_out(UART_LINE, LINE_DLAB | LINE_8N1);
        uart_out(UART_DATA, (uint8_t)divisor);
        uart_out(UART_INTERRUPTS, (uint8_t)(divisor >> 8));
    }
    uart_out(UART_LINE, LINE_8N1);
    uart_out(UART_FIFO, FIFO_ENABLE_CLEAR);
    uart_out(UART_MODEM, MODEM_DTR_RTS_OUT2);
    uart.burst = (uart_in(UART_IDENTITY) & IDENTITY_FIFO) == IDENTITY_FIFO ? FIFO_BYTES : 1;
    uart.stuck = false;
}

static bool transmitter_wait(void)
{
    for (unsigned i = 0; i < (uart.stuck ? 1u : POLLS_MAX); i++) {
        if (uart_in(UART_LINE_STATUS) & STATUS_EMPTY) {
            uart.stuck = false;
            return true;
        }
        machine_relax();
    }
    uart.stuck = true;
    return false;
}

void machine_console_write(const char *s, size_t n)
{
    unsigned room = 0;

    if (!uart.port)
        return;
    for (size_t i = 0; i < n; i++) {
        if (room == 0) {
            if (!transmitter_wait())
                continue;
            room = uart.burst;
        }
        uart_out(UART_DATA, (uint8_t)s[i]);
        room--;
    }
}

uint16_t uart_port(void)
{
    return uart.port;
}

bool machine_gsi_reserved(unsigned gsi)
{
    return uart.receives && gsi == uart.gsi;
}

bool uart_uses_vector(uint8_t vector)
{
    return uart.receives && vector == uart.vector;
}

/* COM1 and COM3 share ISA interrupt 4, COM2 and COM4 have 3; other ports have none that we know. */
static unsigned uart_isa_irq(void)
{
    if (uart.port == 0x3f8 || uart.port == 0x3e8)
        return 4;
    return uart.port == 0x2f8 || uart.port == 0x2e8 ? 3 : 0;
}

void uart_receive_init(void)
{
    unsigned irq = uart_isa_irq();
    const struct acpi_isa_irq *wire;
    int vector;

    if (!irq)
        return;
    vector = machine_vector_alloc();
    if (vector < 0)
        return;
    wire = &firmware_acpi()->isa[irq];
    if (machine_gsi_route(wire->gsi, (uint8_t)vector, wire->level, wire->low, machine_cpu_id())) {
        machine_vector_free((uint8_t)vector);
        return;
    }
    uart.gsi = wire->gsi;
    uart.level = wire->level;
    uart.vector = (uint8_t)vector;
    uart.receives = true;
    /* What was received before would hold the line high, with no edge to come. */
    for (unsigned i = 0; i < FIFO_BYTES && (uart_in(UART_LINE_STATUS) & STATUS_DATA); i++)
        (void)uart_in(UART_DATA);
    machine_gsi_unmask(uart.gsi);
    uart_out(UART_INTERRUPTS, INTERRUPT_RECEIVE);
}

/*
 * The input is an edge: the line must have been seen low before we leave, or the next byte would
 * never interrupt. So go on until the UART says that it has nothing pending.
 */
void uart_interrupt(void)
{
    for (unsigned i = 0; i < RECEIVE_MAX; i++) {
        if (uart_in(UART_LINE_STATUS) & STATUS_DATA)
            upcall_console_input(uart_in(UART_DATA));
        else if (uart_in(UART_IDENTITY) & IDENTITY_NONE)
            break;
        else
            (void)uart_in(UART_MODEM_STATUS);
    }
    if (uart.level) /* masked when it was acknowledged */
        machine_gsi_unmask(uart.gsi);
}
