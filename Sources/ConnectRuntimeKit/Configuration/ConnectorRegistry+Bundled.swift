// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension ConnectorRegistry {
    mutating func registerBundled() {
        register(GeneratorSource.self)
        register(RecordFilter.self)
        register(ConstantFunction.self)
        register(TemplateFunction.self)
        register(FieldsFunction.self)
        register(SplitFunction.self)
        register(RouteFunction.self)
        register(FileOffsetStore.self)
        register(InMemoryOffsetStore.self)
        register(FileDeadLetterStore.self)
        register(InMemoryDeadLetterStore.self)
    }
}
