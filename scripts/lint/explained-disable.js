const DIRECTIVE = /^\s*eslint-disable(?:-line|-next-line)?(?=\s|$)([^]*)$/;

/**
 * A disabled rule needs its name and a reason on the same line:
 * `eslint-disable-next-line no-console -- the crash handler has no logger yet`
 */
export const explainedDisable = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { unexplained: 'Name the rule and the reason: eslint-disable… RULE -- REASON' },
  },
  create(context) {
    return {
      Program() {
        for (const { value, loc } of context.sourceCode.getAllComments()) {
          const [, told] = DIRECTIVE.exec(value) ?? [];
          if (told === undefined) continue;
          const [rules, reason = ''] = told.split(/\s--\s/);
          if (rules.trim() === '' || reason.trim() === '') {
            // At the line's start: a directive does not hide what stands before it.
            context.report({ loc: { line: loc.start.line, column: 0 }, messageId: 'unexplained' });
          }
        }
      },
    };
  },
};
