/// Why a text is invalid: the predicate of a sentence that begins with the text.
///
/// `'abc' is not a number of seconds (for --countdown); write 90, 90s or 10m` has the problem
/// "is not a number of seconds" and the advice "write 90, 90s or 10m".
package struct InvalidValue: Error, Equatable, Sendable {
    /// The problem, to follow the text.
    package let problem: String
    /// What to write instead, if known.
    package let advice: String?

    /// A problem, and perhaps advice.
    package init(_ problem: String, advice: String? = nil) {
        self.problem = problem
        self.advice = advice
    }
}
