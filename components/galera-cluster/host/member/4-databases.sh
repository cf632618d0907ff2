# shellcheck shell=bash
# What users keep among the server's data, one a line. Recoveries ask the same.

databases() {
    local folder
    for folder in "$DATA"/*/; do
        folder=${folder%/} folder=${folder##*/}
        case $folder in
        mysql | performance_schema | sys | lost+found | '#'* | '*') ;;
        *) echo "$folder" ;;
        esac
    done
}
