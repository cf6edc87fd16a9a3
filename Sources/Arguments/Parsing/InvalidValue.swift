/// Why a text is no value: the end of a sentence that begins with the text itself.
///
/// `'abc' is not a number of seconds (for --countdown); write 90, 90s or 10m` has the problem
/// "is not a number of seconds" and the advice "write 90, 90s or 10m".
package struct InvalidValue: Error, Equatable, Sendable {
    /// What is wrong with the text, without the text.
    package let problem: String
    /// What to write instead, if that can be said.
    package let advice: String?

    /// The end of a sentence, and advice if there is any.
    package init(_ problem: String, advice: String? = nil) {
        self.problem = problem
        self.advice = advice
    }
}
