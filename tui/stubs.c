#include "app.h"
#include "job.h"
void ask_find(struct app *a, struct grid *g){(void)a;(void)g;}
void ask_filter(struct app *a, struct grid *g){(void)a;(void)g;}
void ask_delay(struct app *a){(void)a;}
void menu_sort(struct app *a, struct grid *g){(void)a;(void)g;}
void menu_verbs(struct app *a, const char *key, const struct row *row){(void)a;(void)key;(void)row;}
void help_open(struct app *a, enum table_id t){(void)a;(void)t;}
int tui_prompt(struct session *s){(void)s;return 1;}
