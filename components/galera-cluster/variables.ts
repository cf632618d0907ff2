/**
 * Server variables that a running server takes for all sessions that begin from then on, under the name that option files use too: those of MariaDB
 * 10.11 with READ_ONLY=NO and a global value in information_schema.SYSTEM_VARIABLES, without what is a command or an identity rather than a setting
 * (`*_now`, `gtid_*`, `replicate_*`, …). One that is missing here costs a restart, nothing else. MariaDB 11.8 knows all of them but three, which it refuses:
 * `innodb_change_buffer_max_size`, `max_tmp_tables`, `wsrep_load_data_splitting`.
 */
const DYNAMIC = new Set(
    `
    alter_algorithm analyze_max_length analyze_sample_percentage binlog_annotate_row_events binlog_cache_size
    binlog_commit_wait_count binlog_commit_wait_usec binlog_expire_logs_seconds binlog_file_cache_size
    binlog_row_image binlog_row_metadata binlog_stmt_cache_size bulk_insert_buffer_size character_set_filesystem
    character_set_server collation_server column_compression_threshold column_compression_zlib_level
    column_compression_zlib_strategy column_compression_zlib_wrap connect_timeout deadlock_search_depth_long
    deadlock_search_depth_short deadlock_timeout_long deadlock_timeout_short default_password_lifetime
    default_regex_flags default_week_format disconnect_on_expired_password div_precision_increment
    eq_range_index_dive_limit event_scheduler expensive_subquery_limit expire_logs_days extra_max_connections
    flush_time general_log group_concat_max_len histogram_size histogram_type host_cache_size
    idle_readonly_transaction_timeout idle_transaction_timeout idle_write_transaction_timeout
    in_predicate_conversion_threshold innodb_adaptive_flushing innodb_adaptive_flushing_lwm
    innodb_adaptive_hash_index innodb_alter_copy_bulk innodb_autoextend_increment
    innodb_buffer_pool_dump_at_shutdown innodb_buffer_pool_dump_pct innodb_buffer_pool_size
    innodb_buffer_pool_size_auto_min innodb_change_buffer_max_size innodb_cmp_per_index_enabled
    innodb_compression_algorithm innodb_compression_default innodb_compression_failure_threshold_pct
    innodb_compression_level innodb_compression_pad_pct_max innodb_deadlock_detect innodb_deadlock_report
    innodb_default_row_format innodb_file_per_table innodb_fill_factor innodb_flush_log_at_timeout
    innodb_flush_log_at_trx_commit innodb_flush_neighbors innodb_flush_sync innodb_flushing_avg_loops
    innodb_force_primary_key innodb_ft_cache_size innodb_ft_enable_stopword innodb_ft_num_word_optimize
    innodb_ft_result_cache_limit innodb_ft_total_cache_size innodb_immediate_scrub_data_uncompressed
    innodb_instant_alter_column_allowed innodb_io_capacity innodb_io_capacity_max innodb_lock_wait_timeout
    innodb_log_file_buffering innodb_log_file_size innodb_log_spin_wait_delay innodb_lru_scan_depth
    innodb_max_dirty_pages_pct innodb_max_dirty_pages_pct_lwm innodb_max_purge_lag innodb_max_purge_lag_delay
    innodb_max_purge_lag_wait innodb_max_undo_log_size innodb_old_blocks_pct innodb_old_blocks_time
    innodb_online_alter_log_max_size innodb_prefix_index_cluster_optimization innodb_print_all_deadlocks
    innodb_purge_batch_size innodb_purge_threads innodb_random_read_ahead innodb_read_ahead_threshold
    innodb_read_io_threads innodb_snapshot_isolation innodb_spin_wait_delay innodb_stats_auto_recalc
    innodb_stats_include_delete_marked innodb_stats_method innodb_stats_modified_counter
    innodb_stats_on_metadata innodb_stats_persistent innodb_stats_persistent_sample_pages
    innodb_stats_traditional innodb_stats_transient_sample_pages innodb_strict_mode innodb_sync_spin_loops
    innodb_table_locks innodb_undo_log_truncate innodb_write_io_threads interactive_timeout join_buffer_size
    join_buffer_space_limit join_cache_level local_infile lock_wait_timeout log_queries_not_using_indexes
    log_slow_admin_statements log_slow_filter log_slow_max_warnings log_slow_min_examined_row_limit
    log_slow_query log_slow_query_time log_slow_rate_limit log_slow_verbosity long_query_time max_allowed_packet
    max_binlog_cache_size max_binlog_size max_binlog_stmt_cache_size max_connect_errors max_connections
    max_error_count max_heap_table_size max_join_size max_password_errors max_prepared_stmt_count
    max_recursive_iterations max_rowid_filter_size max_seeks_for_key max_session_mem_used max_sort_length
    max_sp_recursion_depth max_statement_time max_tmp_tables max_user_connections max_write_lock_count
    min_examined_row_limit mrr_buffer_size net_buffer_length net_read_timeout net_retry_count net_write_timeout
    note_verbosity optimizer_adjust_secondary_key_costs optimizer_extra_pruning_depth
    optimizer_join_limit_pref_ratio optimizer_max_sel_arg_weight optimizer_max_sel_args optimizer_prune_level
    optimizer_search_depth optimizer_selectivity_sampling_limit optimizer_switch
    optimizer_use_condition_selectivity progress_report_time query_alloc_block_size query_prealloc_size
    range_alloc_block_size read_buffer_size read_only read_rnd_buffer_size require_secure_transport
    rowid_merge_buff_size session_track_schema session_track_state_change session_track_system_variables
    session_track_transaction_info slow_launch_time slow_query_log sort_buffer_size sql_mode sync_binlog
    table_definition_cache table_open_cache tcp_keepalive_interval tcp_keepalive_probes tcp_keepalive_time
    tcp_nodelay thread_cache_size thread_pool_dedicated_listener thread_pool_exact_stats
    thread_pool_idle_timeout thread_pool_max_threads thread_pool_oversubscribe thread_pool_prio_kickup_timer
    thread_pool_priority thread_pool_size thread_pool_stall_limit tmp_disk_table_size tmp_memory_table_size
    tmp_table_size transaction_alloc_block_size transaction_prealloc_size updatable_views_with_limit userstat
    wait_timeout wsrep_ignore_apply_errors wsrep_load_data_splitting wsrep_log_conflicts wsrep_max_ws_rows
    wsrep_max_ws_size wsrep_mode wsrep_retry_autocommit wsrep_slave_threads wsrep_sst_donor wsrep_sync_wait
    wsrep_trx_fragment_size wsrep_trx_fragment_unit
`
        .trim()
        .split(/\s+/),
);

/** Whether a variable takes effect without a restart. */
export const isDynamic = (name: string): boolean => DYNAMIC.has(name);

/** Whether the server takes a value for `ON`. */
export const isOn = (value: string): boolean => /^(on|1|true|yes)$/i.test(value);

/** A variable's name as the server lists it: option files take `-` for `_`. */
export const variableName = (given: string): string => given.trim().toLowerCase().replaceAll("-", "_");
