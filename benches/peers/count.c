/* A plugin for qemu-user that counts executed guest instructions. The declarations are those of
   qemu's plugin interface, version 1, as far as they are used here. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stddef.h>

typedef uint64_t plugin_id;
struct tb;
enum op { ADD_U64 };
int qemu_plugin_version = 1;
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*f)(plugin_id id, struct tb *tb));
void qemu_plugin_register_vcpu_tb_exec_inline(struct tb *tb, enum op op, void *p, uint64_t n);
size_t qemu_plugin_tb_n_insns(const struct tb *tb);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*f)(plugin_id id, void *p), void *p);

static uint64_t executed;

static void translated(plugin_id id, struct tb *tb) {
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(tb, ADD_U64, &executed, qemu_plugin_tb_n_insns(tb));
}

static void ended(plugin_id id, void *p) {
    (void)id; (void)p;
    fprintf(stderr, "%" PRIu64 "\n", executed);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv) {
    (void)info; (void)argc; (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
