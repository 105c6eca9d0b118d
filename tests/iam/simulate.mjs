// Asks the evaluator of IAM policies: node simulate.mjs FOLDER < questions > answers
//
// FOLDER is where npm put the evaluator. One question a line, one answer a line: what became of it, the statements
// that decided, and the condition keys that AWS does not know for the action, so that no proof rests on them.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const { runSimulation } = createRequire(`${process.argv[2]}/`)('@cloud-copilot/iam-simulate')

const named = (statements) =>
  (statements ?? []).map(({ policyId, statement }) => ({
    policy: policyId,
    // A statement without a Sid goes by its place.
    statement: statement.sid() ?? String(statement.index() - 1),
  }))

const decisive = ({ identityAnalysis: identity, resourceAnalysis: resource }) => ({
  identity: [...named(identity?.allowStatements), ...named(identity?.denyStatements)],
  resource: [...named(resource?.allowStatements), ...named(resource?.denyStatements)],
})

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await runSimulation(JSON.parse(line), {})
  if (answer.resultType === 'error') {
    console.log(JSON.stringify({ result: 'Error', errors: answer.errors }))
    continue
  }
  const runs = answer.resultType === 'single' ? [answer.result] : answer.results
  const one = runs[0] ?? { analysis: {} }
  console.log(JSON.stringify({
    result: answer.overallResult,
    statements: decisive(one.analysis),
    ignored: one.ignoredContextKeys ?? [],
  }))
}
