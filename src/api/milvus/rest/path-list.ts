const names: Readonly<Record<string, string>> = {
  '/collections':
    'list has describe get_stats get_load_state create drop rename load refresh_load release truncate flush compact get_compaction_state alter_properties drop_properties',
  '/collections/fields': 'add alter_properties',
  '/entities': 'insert upsert delete query get search advanced_search hybrid_search',
  '/partitions': 'list has get_stats create drop load release',
  '/indexes': 'list describe create drop alter_properties drop_properties',
  '/aliases': 'list describe create drop alter',
  '/databases': 'list create drop describe alter drop_properties',
  '/users': 'list describe create update_password drop grant_role revoke_role',
  '/roles':
    'list describe create drop grant_privilege revoke_privilege grant_privilege_v2 revoke_privilege_v2',
  '/privilege_groups': 'list create drop add_privileges_to_group remove_privileges_from_group',
  '/snapshots': 'create drop list describe restore restore_external export pin unpin',
  '/jobs/snapshot': 'list describe',
}

/** Below the prefix: all that are defined in `routes/`, as a test finds. What answers there is loaded with the first request. */
export const listedPaths: readonly string[] = Object.entries(names).flatMap(([folder, words]) =>
  words.split(' ').map((word) => `${folder}/${word}`),
)
