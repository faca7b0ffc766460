import { inWords } from '../support/environment.ts'
import { figureCells, figureHeadings } from '../support/table.ts'
import type { DataSetResults, SearchResults } from '../search/results.ts'
import { searchTables } from './search-tables.ts'
import { chartFiles, type Report } from './write-report.ts'

/** The page that people read: all tables of a run, the rows that we lose among them. */
export function markdownOf(report: Report): string {
  const { measuredOn, quick, seed, seconds, loadAfter, figures, failed, search } = report
  return `${[
    '# Measured',
    'Written by `npm run bench`; [results.json](results.json) has all of it. Only ratios within one run mean something.',
    inWords(measuredOn).replaceAll('\n', '  \n'),
    `Seed ${seed}, ${Math.round(seconds / 60)} minutes, load average after: ${loadAfter.toFixed(2)}${quick ? '; QUICK: small sizes, not those that the goals are about' : ''}.`,
    ...(failed.length === 0 ? [] : [`NOT MEASURED, because of an error: ${failed.join(', ')}.`]),
    '## Goals and figures',
    tableOf(figureHeadings, figures.map(figureCells)),
    ...(search === undefined ? [] : searchParts(search)),
  ].join('\n\n')}\n`
}

function searchParts({ queries, limit, milliseconds, rounds, dataSets }: SearchResults): readonly string[] {
  return [
    '## Search',
    `${limit} neighbours of each of ${queries} queries that are not among the rows, by Euclidean distance; recall against exact ` +
      'answers. Easy: 1,000 clusters that lie apart. Hard: they overlap, in 32 hidden dimensions. Every engine runs in a ' +
      'process of its own, servers behind a load generator on the same cores. Whoever is embedded answers without a network. ' +
      `A load takes ${milliseconds} ms in ${rounds} rounds, in turns with the others; the fastest round counts. ` +
      'One thread that searches and two: engines over copies of one store, in one process, asked by turns; of these pairs the one with ' +
      'the median ratio counts. So it is with each filter and no filter. Two threads can only do what the machine gives two: each of their ' +
      'loads lies between probes of what as many threads get done with arithmetic alone, and pairs with less than 0.9 of what they do at best are left out. ' +
      'Before the first load of a kind every engine answers for two seconds unmeasured: code is compiled as it runs. ' +
      '"At equal recall" is between the two efforts around it; everything else at the first effort that reaches it.',
    enginesTable(dataSets),
    ...dataSets.flatMap(dataSetParts),
  ]
}

function enginesTable(dataSets: readonly DataSetResults[]): string {
  const engines = dataSets[0]?.engines ?? []
  const rows = engines.map(({ engine, description: { version, settings, durability, effort } }) => [
    engine,
    version,
    settings,
    durability,
    effort.name,
  ])
  return tableOf(['', 'version', 'settings', 'durability', 'effort is'], rows)
}

function dataSetParts(data: DataSetResults): readonly string[] {
  const { curves, bars } = chartFiles(data)
  return [
    `### ${data.name}`,
    `![recall and speed](${curves}) ![speed at equal recall](${bars})`,
    ...searchTables(data).flatMap(({ title, head, rows }) => [`**${title}**`, tableOf(head, rows)]),
  ]
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const filled = rows.map((row) => head.map((_, at) => row[at] ?? ''))
  return [line(head), line(head.map(() => '---')), ...filled.map(line)].join('\n')
}
