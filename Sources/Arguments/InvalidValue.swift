/// Why a text is no value: the end of a sentence that begins with the text itself.
///
/// `'abc' is not a number of seconds (for --countdown); write 90, 90s or 10m` has the problem
/// "is not a number of seconds" and the advice "write 90, 90s or 10m".
package struct InvalidValue: Error, Equatable, Sendable {
    package let problem: String
    package let advice: String?

    package init(_ problem: String, advice: String? = nil) {
        self.problem = problem
        self.advice = advice
    }
}
