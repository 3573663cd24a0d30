#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelErr {
    #[error("{file}:{line}: {reason}")]
    Template { file: String, line: usize, reason: String },
    #[error("{file}: ref('{name}') names no model and no seed")]
    UnknownRef { file: String, name: String },
    #[error("{file}: only staging may say source()")]
    SourceOutsideStaging { file: String },
    #[error("the models go round in a circle: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
    #[error("{file}: two files are called {name}")]
    SameName { file: String, name: String },
}
