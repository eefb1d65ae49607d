#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static void print_verbs(const char *separator) {
    for (size_t i = 0; i < verb_count; i++) printf("%s%s", i > 0 ? separator : "", verbs[i].name);
}

static void print_bash(void) {
    printf("_midflight() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]}\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        COMPREPLY=($(compgen -W \"");
    print_verbs(" ");
    printf(" serve completion help\" -- \"$word\")); return\n    fi\n    case $verb:$word in\n");
    for (size_t i = 0; i < verb_count; i++) {
        printf("    %s:-*) COMPREPLY=($(compgen -W \"%s --help\" -- \"$word\")) ;;\n", verbs[i].name, verbs[i].options);
    }
    printf("    serve:-*) COMPREPLY=($(compgen -W \"%s --help\" -- \"$word\")) ;;\n", serve_options);
    printf("    completion:*) COMPREPLY=($(compgen -W \"bash zsh fish\" -- \"$word\")) ;;\n"
           "    *) COMPREPLY=($(compgen -f -X '!*.y*ml' -- \"$word\") $(compgen -d -- \"$word\")) ;;\n"
           "    esac\n}\ncomplete -o filenames -F _midflight midflight\n");
}

static void print_zsh(void) {
    printf("#compdef midflight\n_midflight() {\n  local -a verbs=(\n");
    for (size_t i = 0; i < verb_count; i++) printf("    '%s:%s'\n", verbs[i].name, verbs[i].summary);
    printf("    'serve:carry migrations out, and serve their data, over HTTP'\n");
    printf("  )\n  if (( CURRENT == 2 )); then _describe verb verbs; return; fi\n  case $words[2] in\n");
    for (size_t i = 0; i < verb_count; i++) {
        printf("    %s) _values -w option %s --help ;;\n", verbs[i].name, verbs[i].options);
    }
    printf("    serve) _values -w option %s --help ;;\n", serve_options);
    printf("  esac\n  _files -g '*.y*ml'\n}\ncompdef _midflight midflight\n");
}

static void print_fish_verb(const char *name, const char *summary, const char *options) {
    char words[256];
    printf("complete -c midflight -n __fish_use_subcommand -a %s -d '%s'\n", name, summary);
    snprintf(words, sizeof words, "%s", options);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
        printf("complete -c midflight -n '__fish_seen_subcommand_from %s' -l %s\n", name, word + 2);
    }
}

static void print_fish(void) {
    for (size_t i = 0; i < verb_count; i++) print_fish_verb(verbs[i].name, verbs[i].summary, verbs[i].options);
    print_fish_verb("serve", "carry migrations out, and serve their data, over HTTP", serve_options);
}

int completion_print(const char *shell) {
    if (strcmp(shell, "bash") == 0) {
        print_bash();
    } else if (strcmp(shell, "zsh") == 0) {
        print_zsh();
    } else if (strcmp(shell, "fish") == 0) {
        print_fish();
    } else {
        fprintf(stderr, "midflight: completion for bash, zsh or fish, not '%s'\n", shell);
        return MF_USAGE;
    }
    return MF_DONE;
}
