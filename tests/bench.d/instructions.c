/* A plugin of QEMU for tests/bench-boot: counts the instructions that the emulated processor carries out, in user space and in
 * the kernel, in a file of two numbers, which can be read at any time. Debian has no package with QEMU's header. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct qemu_plugin_tb;
typedef void (*translated)(uint64_t id, struct qemu_plugin_tb *block);
typedef void (*executed)(unsigned processor, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translated callback);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, executed callback, int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
int qemu_plugin_version = 2;

static uint64_t *counts;

/* The lowest bit says whether the block is the kernel's. */
static void count(unsigned processor, void *data)
{
    uintptr_t block = (uintptr_t)data;
    counts[block & 1] += block >> 1;
}

static void prepare(uint64_t id, struct qemu_plugin_tb *block)
{
    uintptr_t kernel = qemu_plugin_tb_vaddr(block) >> 63;
    qemu_plugin_register_vcpu_tb_exec_cb(block, count, 0, (void *)(qemu_plugin_tb_n_insns(block) << 1 | kernel));
}

/* The one argument is counts=PATH. */
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    const char *path = argc == 1 ? strchr(argv[0], '=') : NULL;
    int file = path ? open(path + 1, O_RDWR | O_CREAT | O_TRUNC, 0644) : -1;
    if (file < 0 || ftruncate(file, 2 * sizeof *counts) != 0)
        return 1;
    counts = mmap(NULL, 2 * sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (counts == MAP_FAILED)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, prepare);
    return 0;
}
