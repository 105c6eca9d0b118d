//! Lambda: the functions of the region.

use std::collections::HashMap;

use shared::aws::{Session, failed};
use shared::error::Error;

/// A function, as far as an installation is known by it.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) environment: HashMap<String, String>,
}

/// All functions of the session's account and region.
pub(crate) async fn functions(session: &Session) -> Result<Vec<Function>, Error> {
    let lambda = aws_sdk_lambda::Client::new(session.sdk());
    let mut pages = lambda.list_functions().into_paginator().send();
    let mut functions = Vec::new();
    while let Some(page) = pages.next().await {
        let region = session.region().unwrap_or_default();
        let page = page.map_err(failed("lambda:ListFunctions", region))?;
        for function in page.functions.unwrap_or_default() {
            let environment = function.environment.and_then(|environment| environment.variables);
            functions.push(Function {
                name: function.function_name.unwrap_or_default(),
                environment: environment.unwrap_or_default(),
            });
        }
    }
    Ok(functions)
}
