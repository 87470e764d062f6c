# zsh -f complete_zsh.zsh <folder with completion functions> <line>
# Prints what the line is after Tab in an interactive zsh, between << and >>.
zmodload zsh/zpty
zpty shell zsh -f -i
# The word is put together by the shell, so that its echo is not taken for its answer.
zpty -w shell "PS1= PS2= TERM=dumb; fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -u -D; \
  show() { print -r -- \"<<\$BUFFER>>\" }; zle -N show; bindkey '^X' show; print rea''dy"
zpty -r shell answer '*ready*'
zpty -w -n shell "$2"$'\t\C-x'
zpty -r shell answer '*<<*>>*'
print -r -- "${answer//$'\r'/}"
zpty -d shell
